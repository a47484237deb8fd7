namespace Starling.Serving;

/// <summary>The counters of one thread: only that thread adds, any thread reads.</summary>
internal sealed class StatsCell(int commands)
{
    public long Commands;
    public long KeyspaceHits;
    public long KeyspaceMisses;
    public long NetInputBytes;
    public long NetOutputBytes;
    public long ReplicationInputBytes;
    public long ReplicationOutputBytes;
    public long Reads;
    public long Writes;

    private readonly LatencyHistogram?[] _latencies = new LatencyHistogram?[commands];

    /// <summary>By the command's ordinal.</summary>
    public CommandCounters[] PerCommand { get; } = new CommandCounters[commands];

    /// <summary>The durations of a command; null when none was noted.</summary>
    public LatencyHistogram? LatencyOf(int ordinal) => Volatile.Read(ref _latencies[ordinal]);

    /// <summary>Notes how long some executions of a command took each. Only the cell's own thread.</summary>
    public void NoteLatency(int ordinal, long nanoseconds, long times)
    {
        var latency = _latencies[ordinal];
        if (latency is null) Volatile.Write(ref _latencies[ordinal], latency = new LatencyHistogram());
        latency.Add(nanoseconds, times);
    }

    /// <summary>Adds the durations that another cell noted.</summary>
    public void AddLatencies(StatsCell other)
    {
        for (var i = 0; i < _latencies.Length; i++)
        {
            if (other.LatencyOf(i) is { } latency) (_latencies[i] ??= new LatencyHistogram()).Add(latency, 1);
        }
    }
}
