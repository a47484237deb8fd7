namespace Starling.Node.Telemetry;

/// <summary>A command that was slow.</summary>
/// <param name="Id">Its number; never used twice.</param>
/// <param name="Time">When, in seconds of Unix time.</param>
/// <param name="Microseconds">How long it took.</param>
/// <param name="Arguments">Its arguments, long ones and those of long lists cut off.</param>
/// <param name="Address">Where its client is.</param>
/// <param name="ClientName">The client's name; empty for none.</param>
internal sealed record SlowLogEntry(
    long Id, long Time, long Microseconds, byte[][] Arguments, string Address, string ClientName);
