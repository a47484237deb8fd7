using Starling.Slots;

namespace Starling.Serving;

/// <summary>
/// Says how far the replication log is in the state that replies to writes wait for, and wakes the connections whose
/// output waits. As long as appending is enough every offset is reached, and nobody ever waits. Any thread.
/// </summary>
public sealed class CommitGate
{
    /// <summary>The state in which nothing waits: a write that is in the log may be answered.</summary>
    public const long Everything = long.MaxValue;

    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(CommitGate)); // guards _waiting; a leaf
    private HashSet<ICommitWaiter> _waiting = [];
    private long _reached = Everything;
    private long _history;

    /// <summary>True while replies to writes may have to wait.</summary>
    public bool IsOn => Volatile.Read(ref _reached) != Everything;

    /// <summary>
    /// The number of the history that offsets belong to; another one after <see cref="Break"/>. Whoever will wait reads
    /// it before the write.
    /// </summary>
    public long History => Interlocked.Read(ref _history);

    /// <summary>True when what waits for an offset may go; always so for 0.</summary>
    public bool HasReached(long offset) => offset <= Volatile.Read(ref _reached);

    /// <summary>The log has reached an offset in the state that is waited for.</summary>
    public void MoveTo(long offset)
    {
        Volatile.Write(ref _reached, offset);
        foreach (var waiter in TakeWaiting()) waiter.Wake();
    }

    /// <summary>
    /// The offsets that are waited for will never be reached: who waits is closed, for it cannot be told that its write
    /// lasts, nor that it does not.
    /// </summary>
    public void Break()
    {
        Interlocked.Increment(ref _history);
        foreach (var waiter in TakeWaiting()) waiter.Close();
    }

    /// <summary>
    /// Has a waiter woken when the gate moves. It looks again after this: the gate may have moved before. On the
    /// waiter's thread.
    /// </summary>
    internal void Add(ICommitWaiter waiter)
    {
        using (_lock.Enter()) _waiting.Add(waiter);
    }

    private HashSet<ICommitWaiter> TakeWaiting()
    {
        using (_lock.Enter())
        {
            var waiting = _waiting;
            if (waiting.Count > 0) _waiting = [];
            return waiting;
        }
    }
}
