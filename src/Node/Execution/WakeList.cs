using Starling.Slots;

namespace Starling.Node.Execution;

/// <summary>
/// Whom one scope wakes: what it makes ready is kept in the order in which Redis serves it, one client is woken at a time,
/// and what comes behind is looked at when that one has been served. One per context.
/// </summary>
internal sealed class WakeList(NodeServer server)
{
    private List<ReadyKey>? _ready; // in the order of their being served
    private List<ReadyKey>? _leftover; // those of them whose stripes the scope did not hold
    private KeyWaiter? _woken;
    private int _endedClaims;
    private bool _areAllReady;

    /// <summary>A key that somebody waits for has changed. Under its stripe.</summary>
    public void Add(in ReadyKey key) => (_ready ??= []).Add(key);

    /// <summary>Whole databases have changed. Under every stripe.</summary>
    public void AddAll() => _areAllReady = true;

    /// <summary>
    /// What was kept for a client goes to the next in line, and then what was pending behind it: before anything that this
    /// scope has made ready.
    /// </summary>
    /// <param name="waiter">The client: it was served, waits on, or is gone.</param>
    /// <param name="claimed">The key that was kept for it; null for none.</param>
    /// <param name="behind">Only clients behind this one are served; null for all.</param>
    public void HandOn(KeyWaiter waiter, byte[]? claimed, KeyWaiter? behind)
    {
        if (claimed is null) return;
        _endedClaims++;
        var ready = _ready ??= [];
        ready.Insert(0, new ReadyKey(waiter.Database, claimed, behind));
        ready.InsertRange(1, waiter.Pending);
        waiter.Pending.Clear();
    }

    /// <summary>Finds out whom to wake. Under the stripes of the scope's plan.</summary>
    public void Serve(in LockPlan plan)
    {
        if (_areAllReady) server.Waiters.AddAwaited(_ready ??= []);
        _areAllReady = false;
        if (_ready is not { Count: > 0 } ready) return;
        var next = 0;
        while (next < ready.Count && _woken is null && plan.Covers(HashSlot.Of(ready[next].Key)))
            _woken = server.Waiters.Serve(ready[next++]);
        ready.RemoveRange(0, next);
        if (_woken is null) (_leftover ??= []).AddRange(ready);
        else _woken.Pending.AddRange(ready);
        ready.Clear();
    }

    /// <summary>Resumes whom the scope has woken, or looks at what it could not. Under no stripe.</summary>
    public void Resume()
    {
        for (; _endedClaims > 0; _endedClaims--) server.Clients.EndKeyHold();
        if (_woken is { } woken)
        {
            _woken = null;
            woken.Session.Connection!.ResumeSoon();
        }

        if (_leftover is not { Count: > 0 } leftover) return;
        _leftover = null;
        ServeOneByOne(leftover);
    }

    /// <summary>Looks at keys, each under its own stripe, until one wakes a client, who takes the rest along.</summary>
    private void ServeOneByOne(List<ReadyKey> keys)
    {
        for (var i = 0; i < keys.Count; i++)
        {
            KeyWaiter? woken;
            using (server.Executor.Open(LockPlan.Slot(HashSlot.Of(keys[i].Key))))
            {
                woken = server.Waiters.Serve(keys[i]);
                woken?.Pending.AddRange(keys[(i + 1)..]);
            }

            if (woken is null) continue;
            woken.Session.Connection!.ResumeSoon();
            return;
        }
    }
}
