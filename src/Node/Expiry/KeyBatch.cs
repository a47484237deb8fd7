using Starling.Slots.Keyspace;

namespace Starling.Node.Expiry;

/// <summary>Copies of keys, one after another in one buffer that is used again. Not for several threads.</summary>
internal sealed class KeyBatch
{
    private readonly List<int> _ends = [];
    private byte[] _bytes = new byte[1024];

    /// <summary>Number of keys.</summary>
    public int Count => _ends.Count;

    /// <summary>A key; valid until the next change of the batch.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            var start = index == 0 ? 0 : _ends[index - 1];
            return _bytes.AsSpan(start, _ends[index] - start);
        }
    }

    /// <summary>Adds the key of an entry.</summary>
    public void Add(in Entry entry)
    {
        var key = entry.Key;
        var start = _ends.Count == 0 ? 0 : _ends[^1];
        var end = checked(start + key.Length);
        if (end > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(end, (int)Math.Min(Array.MaxLength, 2L * _bytes.Length)));
        key.CopyTo(_bytes.AsSpan(start));
        _ends.Add(end);
    }

    /// <summary>Removes every key.</summary>
    public void Clear() => _ends.Clear();
}
