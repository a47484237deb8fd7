namespace Starling.Simulator;

/// <summary>Ends a node's process between two effects.</summary>
internal sealed class SimulatedCrash : Exception;
