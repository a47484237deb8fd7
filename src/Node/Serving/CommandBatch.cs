using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// The commands of a pipeline that are read ahead, so that the memory their keys lie in can be fetched before they run.
/// Belongs to a thread, not to a connection: an idle connection has none.
/// </summary>
internal sealed class CommandBatch
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
    public int Count { get; set; }

    /// <summary>Number of commands that were read since the batch was taken, at most.</summary>
    public int Used { get; set; }

    /// <summary>Takes this thread's batch.</summary>
    public static CommandBatch Rent()
    {
        var batch = t_spare ?? new CommandBatch();
        t_spare = null;
        batch.Count = 0;
        batch.Used = 0;
        return batch;
    }

    /// <summary>Gives the batch back to this thread.</summary>
    public void Return()
    {
        foreach (var command in Commands.AsSpan(0, Used)) command.Arguments.Trim();
        t_spare = this;
    }

    /// <summary>Fetches the memory of the keys into the cache before the first command runs.</summary>
    public void Prefetch(Keyspace keyspace, Database database)
    {
        Span<KeyPlace> keys = stackalloc KeyPlace[Length];
        var count = 0;
        foreach (var command in Commands.AsSpan(0, Count))
            if (command.KeyPosition > 0) keys[count++] = command.KeyPlace;
        if (count > 1) keyspace.Prefetch(database, keys[..count]);
    }
}
