namespace Starling.Simulator;

/// <summary>
/// A node's clocks: the monotonic one goes with virtual time, the wall clock is off by a skew that a fault may change at
/// any moment.
/// </summary>
internal sealed class SimulatedClock(Simulation simulation) : TimeProvider
{
    /// <summary>How far the wall clock is ahead, milliseconds; negative when it is behind.</summary>
    public long Skew { get; set; }

    /// <inheritdoc/>
    public override long TimestampFrequency => 1000;

    /// <inheritdoc/>
    public override long GetTimestamp() => simulation.Now;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(simulation.Now + Skew);
}
