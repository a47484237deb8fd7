using Starling.Node.Execution;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>What MULTI has begun.</summary>
/// <param name="maxEffectBytes">Most bytes that it may add to the replication log.</param>
internal sealed class Transaction(long maxEffectBytes = EffectBuffer.MaxLength)
{
    private long _effectBytes; // at most what it adds to the replication log

    /// <summary>The queued commands.</summary>
    public List<QueuedCommand> Commands { get; } = [];

    /// <summary>Every flag that some queued command has.</summary>
    public CommandFlags AnyFlags { get; private set; }

    /// <summary>Every flag that all queued commands have.</summary>
    public CommandFlags CommonFlags { get; private set; } = (CommandFlags)~0;

    /// <summary>A command was refused: EXEC answers EXECABORT.</summary>
    public bool IsAborted { get; set; }

    /// <summary>Bytes held by the queued arguments.</summary>
    public long ArgumentBytes { get; private set; }

    /// <summary>Ends a client's transaction and its watches.</summary>
    public static void Discard(CommandContext call)
    {
        if (call.Session.Transaction is { } transaction) call.Server.Buffers.NoteDropped(transaction.ArgumentBytes);
        call.Session.Transaction = null;
        call.Server.Watches.RemoveAll(call.Session);
    }

    /// <summary>
    /// Gathers the keys of all commands, and the stripes of what is watched; true when every stripe is needed.
    /// </summary>
    public bool CollectKeys(CommandContext call)
    {
        var needsAll = false;
        foreach (var queued in Commands)
        {
            call.Keys.Add(queued.Command, queued.Arguments);
            needsAll |= queued.Command.Locks == LockMode.None || queued.Command.TakesEverything(queued.Arguments);
        }

        foreach (var watched in call.Session.WatchedKeys) call.Keys.AddStripe(Slots.HashSlot.Of(watched.Key));
        return needsAll;
    }

    /// <summary>False when the transaction with this call would be too long for the replication log.</summary>
    public bool Fits(ArgumentList arguments) => _effectBytes + EffectBuffer.LengthOf(arguments) <= maxEffectBytes;

    /// <summary>Queues a copy of the arguments.</summary>
    public void Add(Command command, ArgumentList arguments)
    {
        _effectBytes += EffectBuffer.LengthOf(arguments);
        var copy = new ArgumentList();
        copy.CopyFrom(arguments);
        Commands.Add(new QueuedCommand(command, copy));
        AnyFlags |= command.Flags;
        CommonFlags &= command.Flags;
        ArgumentBytes += arguments.TotalLength;
    }
}
