namespace Starling.Simulator;

/// <summary>
/// A rule was broken. The message has the seed, the virtual time and the last log lines of all nodes.
/// </summary>
public sealed class SimulationFailure(string message) : Exception(message);
