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

    /// <summary>
    /// The most watches of one database that are looked at while every stripe is held: some 0.1 ms. Whoever watches in a database
    /// with more is judged later, by what can be said then (<see cref="WatchedDatabase.HasChanged"/>).
    /// </summary>
    internal const int MostVisits = 512;

    private const int KeptRoom = 1024; // watches that there is room for without asking again

    private readonly RankedLock _lock = new(LockRank.Subscriptions, nameof(WatchTable));
    private readonly BufferPool _buffers;
    private readonly WatchedDatabase[] _databases;
    private volatile int _count;

    /// <summary>A table without watches.</summary>
    /// <param name="databases">Number of databases.</param>
    /// <param name="buffers">Hears how much memory watches that end leave to the garbage collector.</param>
    public WatchTable(int databases, BufferPool buffers)
    {
        _buffers = buffers;
        _databases = new WatchedDatabase[databases];
        for (var i = 0; i < databases; i++) _databases[i] = new WatchedDatabase(i);
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
            var database = _databases[watched.Database];
            if (!database.Watchers.TryGetValue(watched.Key, out var list)) database.Watchers[watched.Key] = list = [];
            if (IsAmong(list, watched)) return;
            list.Add(watched);
            (watched.ContentsSeen, watched.SwapsSeen) = (database.Contents, database.UnseenSwaps);
            watched.Session.WatchedKeys.Add(watched);
            if (watched.Existed) watched.Session.NoteSeenContent(database);
            database.Count++;
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
                    var database = _databases[watched.Database];
                    var list = database.Watchers[watched.Key];
                    list.Remove(watched);
                    if (list.Count == 0) database.Watchers.Remove(watched.Key);
                    database.Count--;
                }

                _count -= session.WatchedKeys.Count;
                session.WatchedKeys.Clear();
                if (session.WatchedKeys.Capacity > KeptRoom) session.WatchedKeys.TrimExcess();
                foreach (var database in _databases)
                    if (database.Count == 0 && database.Watchers.Capacity > KeptRoom) database.Watchers.TrimExcess();
                _buffers.NoteDropped(dropped);
            }
        }

        session.ForgetFailedWatches();
    }

    /// <summary>
    /// A key that a client watches has changed, or has expired without being told: its EXEC fails. Under the stripes of all keys that
    /// it watches.
    /// </summary>
    /// <param name="session">The client.</param>
    /// <param name="keyspace">The keyspace.</param>
    /// <param name="now">Milliseconds of Unix time.</param>
    public bool HasFailed(NodeSession session, Keyspace keyspace, long now)
    {
        if (session.WatchFailed) return true;
        foreach (var watched in session.WatchedKeys)
            if (_databases[watched.Database].HasChanged(watched, keyspace, now)) return true;
        return false;
    }

    /// <summary>A key changed. Under its stripe.</summary>
    /// <param name="database">Index of its database.</param>
    /// <param name="key">The key.</param>
    /// <param name="isExpiry">It was deleted because it had expired.</param>
    public void Touch(int database, ReadOnlySpan<byte> key, bool isExpiry)
    {
        using (_lock.Enter())
        {
            if (!_databases[database].Watchers.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var list)) return;
            foreach (var watched in list)
            {
                if (isExpiry && watched.WasExpired) watched.WasExpired = false;
                else watched.Session.WatchFailed = true;
            }
        }
    }

    /// <summary>
    /// A database has lost all its keys, or got another one's: fails who watches a key that was there at WATCH or is there now. What had
    /// expired counts as absent, before and after. Under every stripe; visits nobody, or at most <see cref="MostVisits"/> watches.
    /// </summary>
    /// <param name="database">Index of the database, whose content is the new one.</param>
    /// <param name="isEmptied">It has lost all its keys.</param>
    /// <param name="keyspace">The keyspace.</param>
    /// <param name="now">Milliseconds of Unix time.</param>
    public void TouchAll(int database, bool isEmptied, Keyspace keyspace, long now)
    {
        if (isEmptied)
        {
            _databases[database].NoteEmptied();
            return;
        }

        using (_lock.Enter()) _databases[database].NoteSwapped(keyspace[database], keyspace, now, MostVisits);
    }

    /// <summary>The client watches that key already: it is looked for among its watches or the key's, whichever are fewer.</summary>
    private static bool IsAmong(List<WatchedKey> watchers, WatchedKey watched)
    {
        var own = watched.Session.WatchedKeys;
        if (watchers.Count <= own.Count) return watchers.Exists(other => other.Session == watched.Session);
        return own.Exists(other => other.Database == watched.Database && other.Key.AsSpan().SequenceEqual(watched.Key));
    }
}
