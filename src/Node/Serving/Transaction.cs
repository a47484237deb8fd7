using Starling.Node.Execution;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>What MULTI has begun.</summary>
/// <param name="buffers">Knows whether there is room for what is queued.</param>
/// <param name="maxEffectBytes">Most bytes that it may add to the replication log.</param>
internal sealed class Transaction(BufferPool buffers, long maxEffectBytes = EffectBuffer.MaxLength)
{
    // Roughly: the objects of a queued command, and of its arguments the ranges of those beyond the first few.
    private const long BytesOfCommand = 240;
    private const long BytesOfRange = 16;
    private const int FewArguments = 8;

    private long _assuredBytes; // of HeldBytes, what there was room for
    private long _effectBytes; // at most what it adds to the replication log

    /// <summary>The queued commands.</summary>
    public List<QueuedCommand> Commands { get; } = [];

    /// <summary>Every flag that some queued command has.</summary>
    public CommandFlags AnyFlags { get; private set; }

    /// <summary>Every flag that all queued commands have.</summary>
    public CommandFlags CommonFlags { get; private set; } = (CommandFlags)~0;

    /// <summary>Some queued command runs a script.</summary>
    public bool HasScripts { get; private set; }

    /// <summary>A command was refused: EXEC answers EXECABORT.</summary>
    public bool IsAborted { get; set; }

    /// <summary>Bytes of the queued arguments: what they are of the query.</summary>
    public long ArgumentBytes { get; private set; }

    /// <summary>Bytes of memory that the queue holds, roughly.</summary>
    public long HeldBytes { get; private set; }

    /// <summary>Ends a client's transaction and its watches.</summary>
    public static void Discard(CommandContext call)
    {
        if (call.Session.Transaction is { } transaction) call.Node.Buffers.NoteDropped(transaction.HeldBytes);
        call.Session.Transaction = null;
        call.Node.Watches.RemoveAll(call.Session);
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
            if (queued.Command.Script is not ScriptForm.None and var form)
                needsAll |= call.Node.Scripts.TakesEverything(queued.Arguments[1], form, mayRunAgain: false);
        }

        foreach (var watched in call.Session.WatchedKeys) call.Keys.AddStripe(Slots.HashSlot.Of(watched.Key));
        return needsAll;
    }

    /// <summary>False when the transaction with this call would be too long for the replication log.</summary>
    public bool Fits(ArgumentList arguments) => _effectBytes + EffectBuffer.LengthOf(arguments) <= maxEffectBytes;

    /// <summary>Queues a copy of the arguments.</summary>
    /// <param name="command">The row.</param>
    /// <param name="flags">Its flags, or those that a script gives it.</param>
    /// <param name="arguments">The arguments.</param>
    /// <exception cref="OutOfMemoryException">There is no room for it; nothing has changed.</exception>
    public void Add(Command command, CommandFlags flags, ArgumentList arguments)
    {
        var bytes = arguments.TotalLength + BytesOfCommand + (BytesOfRange * Math.Max(0, arguments.Count - FewArguments));
        EnsureRoom(bytes);
        HeldBytes += bytes;
        _effectBytes += EffectBuffer.LengthOf(arguments);
        var copy = new ArgumentList();
        copy.CopyFrom(arguments);
        Commands.Add(new QueuedCommand(command, copy));
        AnyFlags |= flags;
        CommonFlags &= flags;
        HasScripts |= command.Script != ScriptForm.None;
        ArgumentBytes += arguments.TotalLength;
    }

    /// <summary>Asks for the room of many short commands at once: most transactions ask once.</summary>
    private void EnsureRoom(long bytes)
    {
        if (HeldBytes + bytes <= _assuredBytes) return;
        var more = Math.Max(bytes, BufferPool.SegmentLength);
        buffers.EnsureRoom(more);
        _assuredBytes = HeldBytes + more;
    }
}
