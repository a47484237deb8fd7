namespace Starling.Serving;

/// <summary>What went through the server: totals at a moment, or rates per second.</summary>
internal readonly record struct TrafficSample(long Commands, long Input, long Output, long ReplicationInput, long ReplicationOutput)
{
    public static TrafficSample operator +(TrafficSample a, TrafficSample b) => new(
        a.Commands + b.Commands,
        a.Input + b.Input,
        a.Output + b.Output,
        a.ReplicationInput + b.ReplicationInput,
        a.ReplicationOutput + b.ReplicationOutput);

    /// <summary>Rates per second since earlier totals.</summary>
    /// <param name="earlier">The earlier totals.</param>
    /// <param name="milliseconds">Time in between, more than 0.</param>
    public TrafficSample PerSecondSince(TrafficSample earlier, long milliseconds) => new(
        (Commands - earlier.Commands) * 1000 / milliseconds,
        (Input - earlier.Input) * 1000 / milliseconds,
        (Output - earlier.Output) * 1000 / milliseconds,
        (ReplicationInput - earlier.ReplicationInput) * 1000 / milliseconds,
        (ReplicationOutput - earlier.ReplicationOutput) * 1000 / milliseconds);
}
