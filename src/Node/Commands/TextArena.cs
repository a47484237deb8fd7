namespace Starling.Node.Commands;

/// <summary>Keeps copies of many texts in few arrays.</summary>
internal sealed class TextArena
{
    private const int ChunkBytes = 64 * 1024;

    private byte[] _chunk = [];
    private int _used;

    /// <summary>Copies a text; the copy lives as long as somebody has it.</summary>
    public ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> text)
    {
        if (text.Length > ChunkBytes / 4) return text.ToArray();
        if (text.Length > _chunk.Length - _used)
        {
            _chunk = GC.AllocateUninitializedArray<byte>(ChunkBytes);
            _used = 0;
        }

        var copy = _chunk.AsMemory(_used, text.Length);
        text.CopyTo(copy.Span);
        _used += text.Length;
        return copy;
    }
}
