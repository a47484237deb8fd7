using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// Clients that wait for replicas to acknowledge an offset (WAIT, WAITAOF). They are looked at when an acknowledgement
/// arrives; nobody polls.
/// </summary>
internal sealed class AcknowledgementWaiters(ReplicaSet replicas)
{
    // Guards the list. A leaf: nothing is called under it.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(AcknowledgementWaiters));
    private readonly List<AcknowledgementWaiter> _waiting = [];
    private volatile bool _any;

    /// <summary>Puts a waiter on the list, or completes it at once when it is satisfied by now.</summary>
    public void Add(AcknowledgementWaiter waiter)
    {
        using (_lock.Enter())
        {
            _waiting.Add(waiter);
            _any = true;
        }

        Check();
    }

    /// <summary>Takes a waiter off the list: its wait has ended.</summary>
    public void Remove(AcknowledgementWaiter waiter)
    {
        using (_lock.Enter())
        {
            _waiting.Remove(waiter);
            _any = _waiting.Count > 0;
        }
    }

    /// <summary>Completes who has what it waits for. Under no lock.</summary>
    public void Check()
    {
        if (!_any) return;
        List<Suspension>? done = null;
        using (_lock.Enter())
        {
            foreach (var waiter in _waiting)
            {
                if (waiter.Count(replicas) >= waiter.Replicas && waiter.Suspension is { } suspension)
                    (done ??= []).Add(suspension);
            }
        }

        if (done is null) return;
        foreach (var suspension in done) suspension.Complete();
    }

    /// <summary>Ends every wait since this node stopped being a master. Under no lock.</summary>
    public void EndAll()
    {
        List<Suspension> ended = [];
        using (_lock.Enter())
        {
            foreach (var waiter in _waiting)
            {
                waiter.RoleChanged = true;
                if (waiter.Suspension is { } suspension) ended.Add(suspension);
            }
        }

        foreach (var suspension in ended) suspension.Complete();
    }
}
