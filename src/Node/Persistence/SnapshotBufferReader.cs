using System.Runtime.InteropServices;

namespace Starling.Node.Persistence;

/// <summary>
/// Reads the records of chunks taken from a <see cref="SnapshotBuffer"/>, in the order in which they were added.
/// </summary>
internal ref struct SnapshotBufferReader
{
    private readonly List<SnapshotBuffer.Chunk> _chunks;
    private int _chunk;
    private int _at;

    public SnapshotBufferReader(List<SnapshotBuffer.Chunk> chunks) => _chunks = chunks;

    /// <summary>The head of the record read last.</summary>
    public SnapshotBuffer.Record Record { get; private set; }

    /// <summary>The key of the record read last.</summary>
    public ReadOnlySpan<byte> Key { get; private set; }

    /// <summary>The value of the record read last.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Reads a record; false when there are no more.</summary>
    public bool Read()
    {
        var size = SnapshotBuffer.Record.Size;
        if (!Skip()) return false;
        Record = MemoryMarshal.Read<SnapshotBuffer.Record>(_chunks[_chunk].Bytes.AsSpan(_at));
        Key = _chunks[_chunk].Bytes.AsSpan(_at + size, Record.KeyLength);
        _at += size + Record.KeyLength;
        if (Record.ValueLength == 0)
        {
            Value = default;
            return true;
        }

        Skip();
        Value = _chunks[_chunk].Bytes.AsSpan(_at, Record.ValueLength);
        _at += Record.ValueLength;
        return true;
    }

    /// <summary>
    /// Goes on to the next chunk when this one is read; pieces never straddle chunks. False when there is no more.
    /// </summary>
    private bool Skip()
    {
        while (_chunk < _chunks.Count && _at == _chunks[_chunk].Used)
        {
            _chunk++;
            _at = 0;
        }

        return _chunk < _chunks.Count;
    }
}
