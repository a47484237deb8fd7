using System.Runtime.InteropServices;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Tracking;

/// <summary>
/// Which clients have read which keys since these changed last. Keys of all databases are one namespace, as in Redis. It has a part for
/// every stripe, and the stripe is the part's lock: who reads a key holds it, and so does who changes it, so that no change can slip in
/// between reading and remembering. A client that is gone stays where it is, where it is not found by who looks it up, until the place of
/// its key would have to grow.
/// </summary>
/// <param name="keyspace">Says which stripes are held.</param>
/// <param name="isGone">A client, by its id, is gone. Any thread.</param>
internal sealed class TrackingTable(Keyspace keyspace, Predicate<long> isGone)
{
    private readonly Part?[] _parts = new Part[StripeSet.StripeCount];
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
        part ??= new Part();
        ref var readers = ref part.Open(key.Bytes, out var isKnown);
        if (!isKnown) Interlocked.Increment(ref _keys);
        var before = readers.Clients.Count;
        readers.Clients.Add(client, isGone);
        if (readers.Clients.Count is var now && now != before) Interlocked.Add(ref _items, now - before);
    }

    /// <summary>Takes a key out; false when nobody has read it. Under its stripe.</summary>
    /// <param name="key">The key.</param>
    /// <param name="bytes">Its bytes, which are the caller's now.</param>
    /// <param name="clients">Who has read it.</param>
    public bool TryTake(in Key key, out byte[] bytes, out TrackingClients clients)
    {
        bytes = [];
        clients = default;
        if (_parts[StripeSet.StripeOf(key.Slot)] is not { } part || !part.TryTake(key.Bytes, out bytes, out clients)) return false;
        NoteTaken(clients);
        return true;
    }

    /// <summary>Number of keys of a part: of this moment under its stripe, roughly otherwise.</summary>
    public int CountOf(int stripe) => Volatile.Read(ref _parts[stripe])?.Count ?? 0;

    /// <summary>Takes keys of a part out at random, as many as are wanted or there. Under its stripe.</summary>
    /// <param name="stripe">The part.</param>
    /// <param name="most">How many are wanted.</param>
    /// <param name="random">Where the choice comes from.</param>
    /// <param name="taken">Receives them.</param>
    public void TakeSome(int stripe, int most, ulong random, List<ChangedKey> taken)
    {
        Invariant.That(keyspace.IsHeld(stripe)); // that slot is one of the stripe's
        if (_parts[stripe] is not { } part) return;
        for (; most > 0 && part.Count > 0; most--)
        {
            random = (random * 0x5851F42D4C957F2D) + 0x14057B7EF767814F;
            part.TakeAt((int)((random >> 33) % (ulong)part.Count), out var bytes, out var clients);
            taken.Add(new ChangedKey(bytes, clients));
            NoteTaken(clients);
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

    /// <summary>Who has read a key, and its place in the list of its part.</summary>
    private struct Readers
    {
        public TrackingClients Clients;
        public int Place;
    }

    /// <summary>The keys of one stripe, and a list of them besides, by which one is chosen at random.</summary>
    private sealed class Part
    {
        private readonly Dictionary<byte[], Readers> _readers = new(ByteStringComparer.Instance);
        private readonly List<byte[]> _list = [];

        public int Count => _list.Count;

        public ref Readers Open(ReadOnlySpan<byte> key, out bool isKnown)
        {
            var lookup = _readers.GetAlternateLookup<ReadOnlySpan<byte>>();
            ref var known = ref CollectionsMarshal.GetValueRefOrNullRef(lookup, key);
            isKnown = !System.Runtime.CompilerServices.Unsafe.IsNullRef(ref known);
            if (isKnown) return ref known;
            var bytes = key.ToArray();
            _list.EnsureCapacity(_list.Count + 1); // whatever finds no memory leaves both as they were
            ref var readers = ref CollectionsMarshal.GetValueRefOrAddDefault(_readers, bytes, out _);
            readers.Place = _list.Count;
            _list.Add(bytes);
            return ref readers;
        }

        public bool TryTake(ReadOnlySpan<byte> key, out byte[] bytes, out TrackingClients clients)
        {
            clients = default;
            if (!_readers.GetAlternateLookup<ReadOnlySpan<byte>>().Remove(key, out bytes!, out var readers)) return false;
            clients = readers.Clients;
            Leave(readers.Place);
            return true;
        }

        public void TakeAt(int place, out byte[] bytes, out TrackingClients clients)
        {
            bytes = _list[place];
            _readers.Remove(bytes, out var readers);
            clients = readers.Clients;
            Leave(place);
        }

        /// <summary>The last of the list takes the place of one that is gone.</summary>
        private void Leave(int place)
        {
            var last = _list.Count - 1;
            if (place != last)
            {
                _list[place] = _list[last];
                CollectionsMarshal.GetValueRefOrNullRef(_readers, _list[place]).Place = place;
            }

            _list.RemoveAt(last);
        }
    }
}
