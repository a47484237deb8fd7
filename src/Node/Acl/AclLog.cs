using Starling.Slots;

namespace Starling.Node.Acl;

/// <summary>What was refused, newest first, and how often. Any thread.</summary>
internal sealed class AclLog
{
    // Of those that were refused last an entry counts what is like it, for a minute.
    private const int LatestEntries = 10;
    private const long GroupingTime = 60_000;

    private const int LongestText = 64 * 1024; // of what came from a client

    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(AclLog));
    private readonly LinkedList<AclLogEntry> _entries = [];
    private readonly long[] _counts = new long[Enum.GetValues<AclDenial>().Length];
    private long _nextId;

    /// <summary>How often something was refused for a reason.</summary>
    public long CountOf(AclDenial reason) => Interlocked.Read(ref _counts[(int)reason]);

    /// <summary>Notes what was refused.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="place">Where.</param>
    /// <param name="what">The command, key or channel.</param>
    /// <param name="username">Who tried.</param>
    /// <param name="client">The client, as CLIENT LIST shows it.</param>
    /// <param name="now">The time, in milliseconds of Unix time.</param>
    /// <param name="most">Most entries that are kept.</param>
    public void Add(
        AclDenial reason, AclPlace place, ReadOnlySpan<byte> what, ReadOnlySpan<byte> username, string client, long now, long most)
    {
        Interlocked.Increment(ref _counts[(int)reason]);
        var refused = new AclLogEntry(0, reason, place, Copy(what), Copy(username), now) { Client = client };
        using (_lock.Enter())
        {
            if (FindLike(refused) is { } found)
            {
                _entries.Remove(found);
                _entries.AddFirst(found.Value with { Count = found.Value.Count + 1, Updated = now, Client = client });
            }
            else
            {
                _entries.AddFirst(refused with { Id = _nextId++ });
            }

            while (_entries.Count > most) _entries.RemoveLast();
        }
    }

    /// <summary>The newest entries, the newest first.</summary>
    public AclLogEntry[] Newest(long most)
    {
        using (_lock.Enter()) return [.. _entries.Take((int)Math.Clamp(most, 0, int.MaxValue))];
    }

    /// <summary>Forgets every entry.</summary>
    public void Clear()
    {
        using (_lock.Enter()) _entries.Clear();
    }

    private static byte[] Copy(ReadOnlySpan<byte> text) => text[..Math.Min(text.Length, LongestText)].ToArray();

    private LinkedListNode<AclLogEntry>? FindLike(AclLogEntry refused)
    {
        var node = _entries.First;
        for (var i = 0; i < LatestEntries && node is not null; i++, node = node.Next)
            if (refused.Updated - node.Value.Updated <= GroupingTime && node.Value.IsLike(refused)) return node;
        return null;
    }
}
