using Starling.Node.Expiry;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// Who watches which key. Its lock guards the dictionaries; it is taken under stripes and takes no other lock. A writer
/// that finds nobody watching pays one read.
/// </summary>
internal sealed class WatchTable
{
    /// <summary>Bytes that a watch takes beside its key: its object, its list, its place in the dictionary.</summary>
    internal const int BytesOfWatch = 256;
    private const int KeptRoom = 1024; // watches that there is room for without asking again

    private readonly RankedLock _lock = new(LockRank.Subscriptions, nameof(WatchTable));
    private readonly BufferPool _buffers;
    private readonly Dictionary<byte[], List<WatchedKey>>[] _watchers;
    private volatile int _count;

    /// <summary>A table without watches.</summary>
    /// <param name="databases">Number of databases.</param>
    /// <param name="buffers">Hears how much memory watches that end leave to the garbage collector.</param>
    public WatchTable(int databases, BufferPool buffers)
    {
        _buffers = buffers;
        _watchers = new Dictionary<byte[], List<WatchedKey>>[databases];
        for (var i = 0; i < databases; i++) _watchers[i] = new(ByteStringComparer.Instance);
    }

    /// <summary>True when some key is watched.</summary>
    public bool IsInUse => _count > 0;

    /// <summary>Number of watched keys, each counted once per client.</summary>
    public int Count => _count;

    /// <summary>Adds a watch. Under the key's stripe.</summary>
    public void Add(WatchedKey watched)
    {
        using (_lock.Enter())
        {
            foreach (var other in watched.Session.WatchedKeys)
                if (other.Database == watched.Database && other.Key.AsSpan().SequenceEqual(watched.Key)) return;
            var table = _watchers[watched.Database];
            if (!table.TryGetValue(watched.Key, out var list)) table[watched.Key] = list = [];
            list.Add(watched);
            watched.Session.WatchedKeys.Add(watched);
            _count++;
        }
    }

    /// <summary>Ends every watch of a client.</summary>
    public void RemoveAll(NodeSession session)
    {
        if (session.WatchedKeys.Count > 0)
        {
            using (_lock.Enter())
            {
                var dropped = 0L;
                foreach (var watched in session.WatchedKeys)
                {
                    dropped += BytesOfWatch + watched.Key.Length;
                    var table = _watchers[watched.Database];
                    var list = table[watched.Key];
                    list.Remove(watched);
                    if (list.Count == 0) table.Remove(watched.Key);
                }

                _count -= session.WatchedKeys.Count;
                session.WatchedKeys.Clear();
                if (session.WatchedKeys.Capacity > KeptRoom) session.WatchedKeys.TrimExcess();
                foreach (var table in _watchers)
                    if (table.Count == 0 && table.Capacity > KeptRoom) table.TrimExcess();
                _buffers.NoteDropped(dropped);
            }
        }

        session.WatchFailed = false;
    }

    /// <summary>A key changed. Under its stripe.</summary>
    /// <param name="database">Index of its database.</param>
    /// <param name="key">The key.</param>
    /// <param name="isExpiry">It was deleted because it had expired.</param>
    public void Touch(int database, ReadOnlySpan<byte> key, bool isExpiry)
    {
        using (_lock.Enter())
        {
            if (!_watchers[database].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var list)) return;
            foreach (var watched in list)
            {
                if (isExpiry && watched.WasExpired) watched.WasExpired = false;
                else watched.Session.WatchFailed = true;
            }
        }
    }

    /// <summary>
    /// A whole database changed: fails who watches a key that was there at WATCH or is there now. What had expired counts
    /// as absent, before and after. Under every stripe.
    /// </summary>
    /// <param name="database">Index of the database, whose content is the new one.</param>
    /// <param name="keyspace">The keyspace.</param>
    /// <param name="now">Milliseconds of Unix time.</param>
    public void TouchAll(int database, Keyspace keyspace, long now)
    {
        using (_lock.Enter())
        {
            foreach (var (bytes, list) in _watchers[database])
            {
                var isFound = keyspace[database].TryFind(keyspace.Key(bytes), out var entry);
                var isExpired = isFound && KeyExpiry.IsExpired(entry, now);
                foreach (var watched in list)
                {
                    if (watched.Existed || (isFound && !isExpired)) watched.Session.WatchFailed = true;
                    else watched.WasExpired = isExpired;
                }
            }
        }
    }
}
