namespace Starling.Slots.Keyspace;

/// <summary>A snapshot under way; see <see cref="Keyspace.StartSnapshot"/>.</summary>
public sealed class Snapshot : IDisposable
{
    private readonly Keyspace _keyspace;
    private readonly List<SnapshotProgress> _parts;
    private int _at;
    private int _slot;
    private ulong _part;
    private bool _disposed;

    internal Snapshot(Keyspace keyspace, List<SnapshotProgress> parts)
    {
        _keyspace = keyspace;
        _parts = parts;
    }

    /// <summary>
    /// Native bytes of databases that were cleared since the snapshot started and are kept for it. Needs no lock.
    /// </summary>
    internal long KeptBytes
    {
        get
        {
            var sum = 0L;
            foreach (var part in _parts)
                if (part.IsDetached) sum += part.Tables.Heap.UsedBytes;
            return sum;
        }
    }

    /// <summary>
    /// Visits a bounded part (some tens of microseconds of lock time), taking the stripe lock itself; called in a loop
    /// by the one saver thread, which waits between calls while its output is full.
    /// </summary>
    /// <returns>False when every part has been visited: the sink has got every key.</returns>
    public bool Advance()
    {
        while (!_disposed && _at < _parts.Count)
        {
            var part = _parts[_at];
            var stoodAt = _slot;
            _slot = _slot < HashSlot.Count ? part.Tables.NextSlotInUse(_slot, expiring: false) : -1;

            // The slot in which the saver stood may have been emptied since: how far it was says nothing of this one.
            if (_slot != stoodAt) _part = 0;
            if (_slot >= 0)
            {
                bool done;
                using (_keyspace.LockSlot(_slot)) done = part.SaveSome(_slot, ref _part);
                if (!done) return true;
                _slot++;
                _part = 0;
                return true;
            }

            part.Finish(_keyspace);
            _at++;
            _slot = 0;
        }

        return false;
    }

    /// <summary>
    /// Ends the snapshot, finished or abandoned, and frees what was kept for it. Takes every stripe itself.
    /// </summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        for (; _at < _parts.Count; _at++) _parts[_at].Finish(_keyspace);
        using (_keyspace.LockAll()) _keyspace.EndSnapshot(this);
    }
}
