using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// A client that waits for one of some keys. It stands in the queue of each key until its command has run again and found
/// what it wants, or its wait has ended otherwise. State changes are single steps; the queues are guarded by the keys'
/// stripes.
/// </summary>
/// <param name="session">The client; it has a connection.</param>
/// <param name="database">Index of the database.</param>
/// <param name="keys">The keys that it waits for, each once, copies.</param>
/// <param name="touched">All keys of its command, each once, copies.</param>
/// <param name="number">Its place in the order in which clients came.</param>
/// <param name="isReady">What a value must be to serve the client.</param>
/// <param name="onTimeout">Writes the reply when the time is up.</param>
internal sealed class KeyWaiter(
    NodeSession session,
    int database,
    byte[][] keys,
    byte[][] touched,
    long number,
    KeyReadiness isReady,
    Action<RespWriter> onTimeout)
    : IIoTask
{
    // What a wait takes for each key beside two copies of it: its place in the client's sets and in the queues.
    private const int BytesOfKey = 512;

    private int _end;
    private IoTimer? _timer;

    /// <summary>The client.</summary>
    public NodeSession Session => session;

    /// <summary>Index of the database.</summary>
    public int Database => database;

    /// <summary>The keys that it waits for.</summary>
    public byte[][] Keys => keys;

    /// <summary>All keys of its command: those that it waits for, and a target, say.</summary>
    public byte[][] Touched => touched;

    /// <summary>Who has a smaller one came before.</summary>
    public long Number => number;

    /// <summary>Its command has keys of several stripes.</summary>
    public bool IsCrossing { get; } = HasSeveralStripes(touched);

    /// <summary>What a value must be to serve the client.</summary>
    public KeyReadiness IsReady => isReady;

    /// <summary>The client has something to be told when a key is not there, or not any more.</summary>
    public bool IsServedWithoutKey { get; init; }

    /// <summary>What the handler keeps for when the command runs again.</summary>
    public object? State { get; init; }

    /// <summary>Milliseconds of Unix time at which the wait ends; 0 for never.</summary>
    public long Deadline { get; private set; }

    /// <summary>
    /// What is kept for the client since it was woken; null when it is not. Under the stripe of the key that it was woken for.
    /// </summary>
    public KeyClaim? Claim { get; set; }

    /// <summary>Where it stands.</summary>
    public WaitEnd End => (WaitEnd)Volatile.Read(ref _end);

    /// <summary>Bytes that it holds, roughly.</summary>
    public long HeldBytes { get; private init; }

    /// <summary>The wait is over without a key: the reply is an end's, and the command does not run.</summary>
    public bool HasEnded => End is not (WaitEnd.Waiting or WaitEnd.Woken);

    /// <summary>A waiter for keys that a call names, not yet in any queue.</summary>
    /// <param name="call">The call.</param>
    /// <param name="firstKey">Position of the first key; the keys follow each other.</param>
    /// <param name="keyCount">How many there are.</param>
    /// <param name="isReady">What a value must be to serve the client.</param>
    /// <param name="onTimeout">Writes the reply when the time is up.</param>
    /// <param name="whenGone"><see cref="IsServedWithoutKey"/>.</param>
    /// <param name="state"><see cref="State"/>.</param>
    /// <exception cref="OutOfMemoryException">There is no room for the wait; nothing has changed.</exception>
    public static KeyWaiter Of(
        CommandContext call,
        int firstKey,
        int keyCount,
        KeyReadiness isReady,
        Action<RespWriter> onTimeout,
        bool whenGone,
        object? state)
    {
        call.HasChangedNothing = true;
        var bytes = (2 * call.Arguments.TotalLength) + ((long)keyCount * BytesOfKey);
        call.Node.Buffers.EnsureRoom(bytes);
        var keys = new HashSet<byte[]>(keyCount, ByteStringComparer.Instance);
        for (var i = firstKey; i < firstKey + keyCount; i++) keys.Add(call.Arguments[i].ToArray());

        // Who was held back before it could wait has its place from then.
        var session = call.Session;
        var number = session.PlaceInLine != 0 ? session.PlaceInLine : call.Node.Waiters.NextNumber();
        var waiter = new KeyWaiter(session, session.DatabaseIndex, [.. keys], call.Keys.CopyEach(), number, isReady, onTimeout)
        {
            IsServedWithoutKey = whenGone,
            State = state,
            HeldBytes = bytes,
        };
        call.HasChangedNothing = false;
        return waiter;
    }

    /// <summary>The time is up. On the client's thread.</summary>
    void IIoTask.Run() => TryEnd(WaitEnd.TimedOut);

    /// <summary>Ends the wait at a time, unless it has ended by then. On the client's thread.</summary>
    public void EndAt(long deadline, long now)
    {
        Deadline = deadline;
        if (deadline == 0) return;
        _timer = new IoTimer(this);
        session.Connection!.Thread.Schedule(_timer, Math.Max(0, deadline - now));
    }

    /// <summary>It waits on: sets the timer again if it has gone off in vain. On the client's thread.</summary>
    public void RenewTimer(long now)
    {
        if (_timer is { IsScheduled: false } timer) session.Connection!.Thread.Schedule(timer, Math.Max(0, Deadline - now));
    }

    /// <summary>Goes from waiting to woken; false when the wait has ended.</summary>
    public bool TryWake() =>
        Interlocked.CompareExchange(ref _end, (int)WaitEnd.Woken, (int)WaitEnd.Waiting) == (int)WaitEnd.Waiting;

    /// <summary>Goes back to waiting: what it was woken for was not there after all.</summary>
    public void WaitOn() => Interlocked.CompareExchange(ref _end, (int)WaitEnd.Waiting, (int)WaitEnd.Woken);

    /// <summary>
    /// Ends the wait; the client goes on, on its own thread. False when it has been woken or has ended: then it goes on
    /// anyway. Any thread.
    /// </summary>
    public bool TryEnd(WaitEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, (int)end, (int)WaitEnd.Waiting) != (int)WaitEnd.Waiting) return false;
        session.Connection!.ScheduleResume();
        return true;
    }

    /// <summary>Writes the reply of a wait that has ended, or whose time is up.</summary>
    public void WriteEnd(RespWriter reply)
    {
        switch (End)
        {
            case WaitEnd.Unblocked:
                reply.Error("UNBLOCKED client unblocked via CLIENT UNBLOCK"u8);
                break;
            case WaitEnd.RoleChanged:
                reply.Error(
                    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"u8);
                break;
            case WaitEnd.TimedOut or WaitEnd.Waiting or WaitEnd.Woken:
                onTimeout(reply);
                break;
        }
    }

    /// <summary>Gives its timer back. On the client's thread.</summary>
    public void StopTimer()
    {
        if (_timer is { } timer) session.Connection!.Thread.Cancel(timer);
    }

    /// <summary>The stripes of its command's keys.</summary>
    public StripeSet Stripes()
    {
        var stripes = default(StripeSet);
        foreach (var key in touched) stripes.AddSlot(HashSlot.Of(key));
        return stripes;
    }

    private static bool HasSeveralStripes(byte[][] keys)
    {
        var first = StripeSet.StripeOf(HashSlot.Of(keys[0]));
        return Array.Exists(keys, key => StripeSet.StripeOf(HashSlot.Of(key)) != first);
    }
}
