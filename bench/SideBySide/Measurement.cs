namespace Starling.Bench.SideBySide;

/// <summary>One turn of one load against one server.</summary>
/// <param name="Operations">Operations that were answered.</param>
/// <param name="Seconds">Time from the first byte sent to the last one received.</param>
/// <param name="CpuSeconds">The server's user and system time meanwhile.</param>
/// <param name="Error">The first error reply; null when there was none.</param>
internal sealed record Measurement(long Operations, double Seconds, double CpuSeconds, string? Error)
{
    /// <summary>The server's user and system time per operation.</summary>
    public double MicrosecondsPerOperation => CpuSeconds / Operations * 1e6;

    /// <summary>Throughput.</summary>
    public double OperationsPerSecond => Operations / Seconds;
}
