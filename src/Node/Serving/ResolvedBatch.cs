using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// The rows of the commands of a batch and, of those that have one key or two at fixed positions, what was computed of
/// these. Belongs to the run of one batch: a command can wake another client of this thread, whose batch runs in between.
/// </summary>
internal sealed class ResolvedBatch
{
    [ThreadStatic]
    private static ResolvedBatch? t_spare;

    private readonly ResolvedCommand[] _commands = new ResolvedCommand[CommandBatch.Length];

    private ResolvedBatch()
    {
    }

    /// <summary>What was found out about one command.</summary>
    public ref readonly ResolvedCommand this[int index] => ref _commands[index];

    /// <summary>Takes the one that this thread has to spare, or a new one.</summary>
    public static ResolvedBatch Rent()
    {
        var batch = t_spare ?? new ResolvedBatch();
        t_spare = null;
        return batch;
    }

    /// <summary>Gives it back to this thread. One that a failed handler has kept from this is simply made anew.</summary>
    public void Return() => t_spare = this;

    /// <summary>Looks up the commands of a batch, computes their keys, and fetches the memory of these into the cache.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="table">The commands.</param>
    /// <param name="keyspace">The keyspace.</param>
    /// <param name="database">The database that is selected.</param>
    public void Resolve(CommandBatch batch, CommandTable table, Keyspace keyspace, Database database)
    {
        Span<KeyPlace> keys = stackalloc KeyPlace[2 * CommandBatch.Length];
        var found = 0;
        ArgumentList? before = null;
        CommandRow? row = null;
        for (var i = 0; i < batch.Count; i++)
        {
            ref var resolved = ref _commands[i];
            var arguments = batch.Commands[i].Arguments;
            row = table.Find(arguments, before, row);
            before = arguments;
            resolved = new ResolvedCommand(arguments, (Command?)row, keyspace);
            if (resolved.KeyPosition > 0) keys[found++] = InParts(resolved.KeyPlace);
            if (resolved.HasTwoKeys && resolved.SecondPlace != resolved.KeyPlace) keys[found++] = InParts(resolved.SecondPlace);
        }

        if (found > 1) keyspace.Prefetch(database, keys[..found]);
    }

    /// <summary>A copy part by part: a processor waits when it is to read as a whole what was just written in parts.</summary>
    private static KeyPlace InParts(in KeyPlace place) => new(place.Slot, place.Hash);
}
