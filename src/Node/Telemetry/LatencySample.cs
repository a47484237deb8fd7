namespace Starling.Node.Telemetry;

/// <summary>The longest that an event took in one second.</summary>
/// <param name="Time">The second, in Unix time.</param>
/// <param name="Milliseconds">How long it took.</param>
internal readonly record struct LatencySample(long Time, long Milliseconds);
