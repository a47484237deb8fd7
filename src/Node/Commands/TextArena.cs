namespace Starling.Node.Commands;

/// <summary>Keeps copies of many texts in few arrays, of which the first serves again after <see cref="Clear"/>.</summary>
internal sealed class TextArena
{
    private const int FirstBytes = 4096;
    private const int MostBytes = 1 << 20;

    private readonly List<byte[]> _chunks = [];
    private int _used; // of the last chunk

    /// <summary>Where a text lies. The default value is an empty one.</summary>
    /// <param name="Chunk">The array.</param>
    /// <param name="Offset">Its first byte.</param>
    /// <param name="Length">How many bytes.</param>
    internal readonly record struct Place(int Chunk, int Offset, int Length);

    /// <summary>Copies a text.</summary>
    public Place Copy(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty) return default;
        if (_chunks.Count == 0 || text.Length > _chunks[^1].Length - _used)
        {
            var next = _chunks.Count == 0 ? FirstBytes : Math.Min(MostBytes, 4 * _chunks[^1].Length);
            _chunks.Add(GC.AllocateUninitializedArray<byte>(Math.Max(next, text.Length)));
            _used = 0;
        }

        text.CopyTo(_chunks[^1].AsSpan(_used));
        _used += text.Length;
        return new Place(_chunks.Count - 1, _used - text.Length, text.Length);
    }

    /// <summary>A text that was copied.</summary>
    public ReadOnlySpan<byte> this[in Place place] =>
        place.Length == 0 ? default : _chunks[place.Chunk].AsSpan(place.Offset, place.Length);

    /// <summary>Forgets all texts.</summary>
    public void Clear()
    {
        if (_chunks.Count > 1 || (_chunks.Count == 1 && _chunks[0].Length > FirstBytes)) _chunks.Clear();
        _used = 0;
    }
}
