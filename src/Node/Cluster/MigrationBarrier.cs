using Starling.Slots;

namespace Starling.Node.Cluster;

/// <summary>
/// The keys that a MIGRATE is sending to another node right now. Redis blocks every client while MIGRATE talks to its
/// target, so that nothing can happen to a key between the moment its value is read and the moment it is deleted here.
/// A node with several threads must not stop for that; but without any barrier a write that is acknowledged in between
/// would be lost with the deletion, and a key deleted in between would rise again on the target, where the next client
/// is sent by ASK. So reads go on, since nobody can reach the target's copy as long as the key is here, and writes to
/// these keys alone are held back until the transfer has ended one way or the other; then they are dispatched anew, and
/// find the key here or are sent after it. FLUSHALL and FLUSHDB are not held back: they count as having come after the
/// keys had left, as for a client of Redis that was second.
/// </summary>
/// <remarks>
/// Raised under the stripes of the keys by the very handler that reads their values, and asked under the stripes of a
/// command's keys: a writer was there before, and its value is sent, or comes after, and is held back.
/// </remarks>
public sealed class MigrationBarrier
{
    // Guards the keys. Taken with stripes held; nothing is taken under it.
    private readonly RankedLock _gate = new(LockRank.Leaf, nameof(MigrationBarrier));
    private readonly Dictionary<byte[], int> _keys = new(Slots.ByteStringComparer.Instance);
    private int _active;

    /// <summary>A transfer is under way. Any thread.</summary>
    public bool IsActive => Volatile.Read(ref _active) != 0;

    /// <summary>
    /// True when a key is being sent. Databases are not told apart: a key of the same name in another one waits too.
    /// </summary>
    public bool Holds(ReadOnlySpan<byte> key)
    {
        using (_gate.Enter()) return _keys.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(key);
    }

    /// <summary>Holds back the writes to keys. With their stripes held.</summary>
    internal void Raise(IReadOnlyList<byte[]> keys)
    {
        using (_gate.Enter())
        {
            foreach (var key in keys) _keys[key] = _keys.GetValueOrDefault(key) + 1;
            Volatile.Write(ref _active, _active + 1);
        }
    }

    /// <summary>Ends what <see cref="Raise"/> began.</summary>
    internal void Lower(IReadOnlyList<byte[]> keys)
    {
        using (_gate.Enter())
        {
            foreach (var key in keys)
            {
                if (_keys[key] == 1) _keys.Remove(key);
                else _keys[key]--;
            }

            Volatile.Write(ref _active, _active - 1);
        }
    }
}
