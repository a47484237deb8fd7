namespace Starling.Serving;

/// <summary>
/// The commands of a pipeline that are read ahead, so that the host is called once for all of them, and can fetch the
/// memory their keys lie in before the first runs. Belongs to a thread, not to a connection: an idle connection has none.
/// </summary>
public sealed class CommandBatch
{
    /// <summary>Most commands read ahead.</summary>
    public const int Length = 16;

    [ThreadStatic]
    private static CommandBatch? t_spare;

    private CommandBatch()
    {
        for (var i = 0; i < Length; i++) Commands[i] = new PendingCommand();
    }

    /// <summary>The commands; the first <see cref="Count"/> are read.</summary>
    public PendingCommand[] Commands { get; } = new PendingCommand[Length];

    /// <summary>Number of commands read.</summary>
    public int Count { get; internal set; }

    /// <summary>The time at which they run, in milliseconds of Unix time.</summary>
    public long Now { get; internal set; }

    /// <summary>The counters of the thread that runs them.</summary>
    internal StatsCell Counters { get; private set; } = null!;

    /// <summary>The command at which the host has stopped, for the reason that it returned; null when all have run.</summary>
    internal PendingCommand? Stopped { get; set; }

    /// <summary>Number of commands that were read since the batch was taken, at most.</summary>
    internal int Used { get; set; }

    /// <summary>Takes this thread's batch.</summary>
    internal static CommandBatch Rent(StatsCell counters, long now)
    {
        var batch = t_spare ?? new CommandBatch();
        t_spare = null;
        batch.Counters = counters;
        batch.Now = now;
        batch.Count = 0;
        batch.Used = 0;
        return batch;
    }

    /// <summary>Gives the batch back to this thread.</summary>
    internal void Return()
    {
        foreach (var command in Commands.AsSpan(0, Used)) command.Arguments.Trim();
        t_spare = this;
    }
}
