namespace Starling.Simulator;

/// <summary>What happens at a moment: an action, or the arrival of a packet at a node in one of its lives.</summary>
internal readonly record struct SimulatedEvent(
    long At, Action? Action, SimulatedNode? Target, int Life, SimulatedLink? Link, byte[]? Packet);
