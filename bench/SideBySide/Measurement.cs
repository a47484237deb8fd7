namespace Starling.Bench.SideBySide;

/// <summary>One run of redis-benchmark against one server.</summary>
/// <param name="MicrosecondsPerOperation">The server's user and system time per operation.</param>
/// <param name="OperationsPerSecond">Throughput as redis-benchmark saw it.</param>
internal sealed record Measurement(double MicrosecondsPerOperation, double OperationsPerSecond);
