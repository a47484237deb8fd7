using Starling.Node.Serving;
using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// Databases that have lost all their keys, or got another one's: whoever waits for a key there may have something to do. A flush
/// wakes only who is to be told that a key went (<see cref="KeyWaiter.IsServedWithoutKey"/>).
/// </summary>
internal sealed class ReplacedDatabases
{
    private const int KeysOfPart = 256; // looked at in one scope: some 0.1 ms

    private readonly Dictionary<int, bool> _areEmptied = []; // by index

    /// <summary>No database has got another one's keys.</summary>
    public bool AreAllEmptied { get; private set; } = true;

    /// <summary>Adds one.</summary>
    public void Add(int database, bool isEmptied)
    {
        AreAllEmptied &= isEmptied;
        _areEmptied[database] = isEmptied && _areEmptied.GetValueOrDefault(database, defaultValue: true);
    }

    /// <summary>Adds a key once for each database in which somebody waits for it whom that may concern. Under its stripe.</summary>
    public void AddReady(byte[] key, KeyQueue queue, ReadyKeys ready)
    {
        var last = -1;
        foreach (var waiter in queue.Places)
        {
            if (waiter.Database == last || !Concerns(waiter)) continue;
            last = waiter.Database;
            ready.Add(new ReadyKey(last, key));
        }
    }

    /// <summary>
    /// Looks at every key that somebody waits for, some at a time, each part in a scope of its own, which wakes whom it serves. Under
    /// no stripe.
    /// </summary>
    public void WakeInParts(NodeParts node)
    {
        for (var stripe = 0; stripe < StripeSet.StripeCount; stripe++)
        {
            byte[][] keys;
            using (node.Executor.Open(LockPlan.Slot(stripe))) keys = node.Waiters.KeysIn(stripe); // that slot is one of the stripe's
            for (var first = 0; first < keys.Length; first += KeysOfPart)
                WakePart(node, stripe, keys.AsSpan(first, Math.Min(KeysOfPart, keys.Length - first)));
        }
    }

    private void WakePart(NodeParts node, int stripe, ReadOnlySpan<byte[]> keys)
    {
        using (var scope = node.Executor.Open(LockPlan.Slot(stripe)))
        {
            // Commands with keys of several stripes are kept what they may touch with all of these held.
            if (!node.Waiters.HasCrossing)
            {
                NoteReady(scope.Call, keys);
                return;
            }
        }

        using (var scope = node.Executor.Open(LockPlan.All)) NoteReady(scope.Call, keys);
    }

    private void NoteReady(CommandContext call, ReadOnlySpan<byte[]> keys)
    {
        var ready = new ReadyKeys();
        foreach (var key in keys)
            if (call.Node.Waiters.QueueOf(key) is { } queue) AddReady(key, queue, ready);
        foreach (ref readonly var key in ready.Keys) call.NoteReady(key);
    }

    private bool Concerns(KeyWaiter waiter) =>
        _areEmptied.TryGetValue(waiter.Database, out var isEmptied) && (!isEmptied || waiter.IsServedWithoutKey);
}
