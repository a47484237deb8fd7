using Starling.Node.Expiry;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// The watches of one database, and how often its content was replaced as a whole. A flush visits no watch: who watches a key
/// that was there compares numbers when it is asked, and who watches an absent one has nothing to compare.
/// </summary>
/// <param name="index">The database's index.</param>
internal sealed class WatchedDatabase(int index)
{
    private long _contents;
    private long _unseenSwaps;
    private long _lastUnseenSwap;
    private long _lastUnseenSwapAt;

    /// <summary>Who watches which key. Under the table's lock.</summary>
    public Dictionary<byte[], List<WatchedKey>> Watchers { get; } = new(ByteStringComparer.Instance);

    /// <summary>Number of watches here. Under the table's lock.</summary>
    public int Count { get; set; }

    /// <summary>How often the content was replaced. Changes under every stripe; any thread may read it.</summary>
    public long Contents => Volatile.Read(ref _contents);

    /// <summary>
    /// How many of those times databases were exchanged without a look at each watch. As <see cref="Contents"/>.
    /// </summary>
    public long UnseenSwaps => Volatile.Read(ref _unseenSwaps);

    /// <summary>All keys are gone. Under every stripe.</summary>
    public void NoteEmptied() => Volatile.Write(ref _contents, _contents + 1);

    /// <summary>Another database's keys are here. Under every stripe and the table's lock.</summary>
    /// <param name="database">The database with its new content.</param>
    /// <param name="keyspace">The keyspace.</param>
    /// <param name="now">Milliseconds of Unix time.</param>
    /// <param name="mostVisits">The most watches that may be looked at now.</param>
    public void NoteSwapped(Database database, Keyspace keyspace, long now, int mostVisits)
    {
        Volatile.Write(ref _contents, _contents + 1);
        if (Count > mostVisits)
        {
            Volatile.Write(ref _unseenSwaps, _unseenSwaps + 1);
            (_lastUnseenSwap, _lastUnseenSwapAt) = (_contents, now);
            return;
        }

        foreach (var (bytes, list) in Watchers)
        {
            var isFound = database.TryFind(keyspace.Key(bytes), out var entry);
            var isExpired = isFound && KeyExpiry.IsExpired(entry, now);
            foreach (var watched in list)
            {
                if (watched.Existed || watched.SwapsSeen != _unseenSwaps || (isFound && !isExpired)) watched.Session.WatchFailed = true;
                else watched.WasExpired = isExpired;
            }
        }
    }

    /// <summary>
    /// True when a watched key is not what it was at WATCH, as far as changes of the whole content and its expiry say. Under the
    /// key's stripe.
    /// </summary>
    /// <remarks>
    /// The key of an exchange that was not looked at is looked for now; any change of it since has told its watchers. When the
    /// content has been replaced once more nobody knows what was there in between: that counts as a change.
    /// </remarks>
    public bool HasChanged(WatchedKey watched, Keyspace keyspace, long now)
    {
        if (watched.Existed && watched.ContentsSeen != _contents) return true;
        var isFound = keyspace[index].TryFind(keyspace.Key(watched.Key), out var entry);
        if (watched.SwapsSeen != _unseenSwaps)
        {
            if (watched.SwapsSeen + 1 != _unseenSwaps || _lastUnseenSwap != _contents) return true;
            return isFound && !KeyExpiry.IsExpired(entry, _lastUnseenSwapAt);
        }

        return !watched.WasExpired && isFound && KeyExpiry.IsExpired(entry, now);
    }
}
