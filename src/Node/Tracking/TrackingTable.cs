using System.Runtime.InteropServices;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Tracking;

/// <summary>
/// Which clients have read which keys since these changed last. Keys of all databases are one namespace, as in Redis. It has a part for
/// every stripe, and the stripe is the part's lock: who reads a key holds it, and so does who changes it, so that no change can slip in
/// between reading and remembering. A client that is gone stays where it is: who looks it up does not find it.
/// </summary>
/// <param name="keyspace">Says which stripes are held.</param>
internal sealed class TrackingTable(Keyspace keyspace)
{
    private readonly Dictionary<byte[], TrackingClients>?[] _parts = new Dictionary<byte[], TrackingClients>[StripeSet.StripeCount];
    private long _keys;
    private long _items;

    /// <summary>Number of keys. Any thread.</summary>
    public long KeyCount => Interlocked.Read(ref _keys);

    /// <summary>Number of clients, each counted for every key. Any thread.</summary>
    public long ItemCount => Interlocked.Read(ref _items);

    /// <summary>A client has read a key. Under its stripe.</summary>
    public void Add(in Key key, long client)
    {
        Invariant.That(keyspace.IsHeld(key.Slot));
        ref var part = ref _parts[StripeSet.StripeOf(key.Slot)];
        part ??= new Dictionary<byte[], TrackingClients>(ByteStringComparer.Instance);
        ref var clients = ref CollectionsMarshal.GetValueRefOrAddDefault(
            part.GetAlternateLookup<ReadOnlySpan<byte>>(), key.Bytes, out var isKnown);
        if (!isKnown) Interlocked.Increment(ref _keys);
        if (clients.Add(client)) Interlocked.Increment(ref _items);
    }

    /// <summary>Takes a key out; false when nobody has read it. Under its stripe.</summary>
    /// <param name="key">The key.</param>
    /// <param name="bytes">Its bytes, which are the caller's now.</param>
    /// <param name="clients">Who has read it.</param>
    public bool TryTake(in Key key, out byte[] bytes, out TrackingClients clients)
    {
        bytes = [];
        clients = default;
        if (_parts[StripeSet.StripeOf(key.Slot)] is not { } part
            || !part.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(key.Bytes, out bytes!, out clients)) return false;
        NoteTaken(clients);
        return true;
    }

    /// <summary>Number of keys of a part: of this moment under its stripe, roughly otherwise.</summary>
    public int CountOf(int stripe) => Volatile.Read(ref _parts[stripe])?.Count ?? 0;

    /// <summary>Takes keys of a part out, as many as are wanted or there. Under its stripe.</summary>
    public void TakeSome(int stripe, int most, List<ChangedKey> taken)
    {
        Invariant.That(keyspace.IsHeld(stripe)); // that slot is one of the stripe's
        if (_parts[stripe] is not { } part) return;
        var first = taken.Count;
        foreach (var (bytes, clients) in part)
        {
            if (taken.Count - first == most) break;
            taken.Add(new ChangedKey(bytes, clients));
        }

        for (var i = first; i < taken.Count; i++)
        {
            part.Remove(taken[i].Bytes!);
            NoteTaken(taken[i].Clients);
        }
    }

    /// <summary>Forgets everything. Under every stripe.</summary>
    public void Clear()
    {
        Array.Clear(_parts);
        Interlocked.Exchange(ref _keys, 0);
        Interlocked.Exchange(ref _items, 0);
    }

    private void NoteTaken(in TrackingClients clients)
    {
        Interlocked.Decrement(ref _keys);
        Interlocked.Add(ref _items, -clients.Count);
    }
}
