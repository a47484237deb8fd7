namespace Starling.Node.Serving;

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

    /// <summary>By the command's ordinal.</summary>
    public CommandCounters[] PerCommand { get; } = new CommandCounters[commands];
}
