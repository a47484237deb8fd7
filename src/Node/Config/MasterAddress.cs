namespace Starling.Node.Config;

/// <summary>Where the master of a replica is.</summary>
/// <param name="Host">Name or address.</param>
/// <param name="Port">Port, 0..65535.</param>
public sealed record MasterAddress(string Host, int Port);
