using Starling.Slots;

namespace Starling.Node.Persistence;

/// <summary>
/// Who puts a data set into the keyspace does so in turn, one at a time: at the start, as a replica, for DEBUG RELOAD. No
/// stripe is held over it; clients are answered LOADING instead, and what the server itself does with keys waits, or comes
/// again later. The turn may be taken and given back by different threads.
/// </summary>
internal sealed class LoadingTurn
{
    private const int Free = 0;
    private const int ComingToRest = 1;
    private const int Loading = 2;

    // Guards the change of the phase together with the event. A leaf.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(LoadingTurn));
    private readonly ManualResetEventSlim _free = new(initialState: true);
    private volatile int _phase = Free;
    private long _count;

    /// <summary>
    /// Somebody has the turn. What asks under a stripe can rely on the answer for as long as it holds that, as far as keys
    /// go: who has the turn takes every stripe once before it touches one.
    /// </summary>
    public bool IsTaken => _phase != Free;

    /// <summary>The turn is taken, and who was woken for a key before still gets what it was woken for.</summary>
    public bool IsComingToRest => _phase == ComingToRest;

    /// <summary>Number of times that the turn was taken: who sees the same one twice has seen one data set.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Takes the turn, waiting for who has it. With no stripe held, not on an I/O thread.</summary>
    /// <param name="comesToRest">Who was woken for a key is let through until <see cref="Rest"/>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the turn is not taken.</exception>
    public void Take(bool comesToRest, CancellationToken cancellation)
    {
        while (!TryTake(comesToRest)) WaitUntilFree(cancellation);
    }

    /// <summary>Nobody is let through any more. By who has the turn, with every stripe held.</summary>
    public void Rest() => _phase = Loading;

    /// <summary>Gives the turn back.</summary>
    public void Release()
    {
        using (_lock.Enter())
        {
            _phase = Free;
            _free.Set();
        }
    }

    /// <summary>Waits until nobody has the turn, which may be over at once. With no stripe held, not on an I/O thread.</summary>
    public void WaitUntilFree(CancellationToken cancellation)
    {
        LockOrder.AssertMayBlock("waiting for a data set to be loaded");
        _free.Wait(cancellation);
    }

    private bool TryTake(bool comesToRest)
    {
        using (_lock.Enter())
        {
            if (IsTaken) return false;
            Interlocked.Increment(ref _count);
            _phase = comesToRest ? ComingToRest : Loading;
            _free.Reset();
            return true;
        }
    }
}
