using Starling.Slots.Keyspace;

namespace Starling.Node.Eviction;

/// <summary>
/// The best candidates for eviction among all that were looked at so far, sorted. What happens to a candidate meanwhile it does
/// not know: it is looked at again before it goes. For one thread.
/// </summary>
internal sealed class EvictionPool
{
    private const int Size = 16;

    private readonly Candidate[] _candidates = new Candidate[Size]; // the best one last
    private int _count;

    /// <summary>Forgets all candidates.</summary>
    public void Clear() => _count = 0;

    /// <summary>Takes a candidate in if it is better than one that is there, or there is room.</summary>
    /// <param name="database">The key's database.</param>
    /// <param name="key">The key; it is copied.</param>
    /// <param name="score">The higher, the sooner it goes.</param>
    public void Offer(Database database, ReadOnlySpan<byte> key, ulong score)
    {
        var at = _count;
        while (at > 0 && _candidates[at - 1].Score >= score)
        {
            at--;
            if (_candidates[at].Score == score && _candidates[at].Is(database, key)) return;
        }

        if (_count == Size)
        {
            if (at == 0) return;
            at--; // the worst one makes room
            var worst = _candidates[0];
            Array.Copy(_candidates, 1, _candidates, 0, at);
            _candidates[at] = worst;
        }
        else
        {
            var spare = _candidates[_count];
            Array.Copy(_candidates, at, _candidates, at + 1, _count - at);
            _candidates[at] = spare;
            _count++;
        }

        _candidates[at].Set(database, key, score);
    }

    /// <summary>Takes the best candidate out; false when there is none.</summary>
    /// <param name="database">The key's database.</param>
    /// <param name="key">The key; valid until the next call.</param>
    /// <param name="score">What it was offered with.</param>
    public bool TryTake(out Database database, out ReadOnlySpan<byte> key, out ulong score)
    {
        if (_count == 0)
        {
            (database, score) = (null!, 0);
            key = default;
            return false;
        }

        ref var best = ref _candidates[--_count];
        (database, score) = (best.Database!, best.Score);
        key = best.Key;
        return true;
    }

    private struct Candidate
    {
        private byte[]? _key; // its room is used again
        private int _length;

        public Database? Database { get; private set; }

        public ulong Score { get; private set; }

        public readonly ReadOnlySpan<byte> Key => _key.AsSpan(0, _length);

        public readonly bool Is(Database database, ReadOnlySpan<byte> key) => Database == database && Key.SequenceEqual(key);

        public void Set(Database database, ReadOnlySpan<byte> key, ulong score)
        {
            (Database, Score, _length) = (database, score, key.Length);
            if (_key is null || _key.Length < key.Length) _key = new byte[Math.Max(64, key.Length)];
            key.CopyTo(_key);
        }
    }
}
