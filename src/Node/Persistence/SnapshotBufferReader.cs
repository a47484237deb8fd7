using System.Runtime.InteropServices;
using Starling.Slots;
using Starling.Slots.Values;

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

    /// <summary>Reads a record; false when there are no more. The content of the one before has been taken.</summary>
    public bool Read()
    {
        var size = SnapshotBuffer.Record.Size;
        if (!Skip()) return false;
        Record = MemoryMarshal.Read<SnapshotBuffer.Record>(_chunks[_chunk].Bytes.AsSpan(_at));
        Invariant.That(Record.Head == SnapshotBuffer.Piece.Record);
        Key = _chunks[_chunk].Bytes.AsSpan(_at + size, Record.KeyLength);
        _at += size + Record.KeyLength;
        return true;
    }

    /// <summary>Hands over the content of the record read last.</summary>
    public void TakeContent(IContentWriter writer)
    {
        while (Skip())
        {
            var head = MemoryMarshal.Read<ulong>(_chunks[_chunk].Bytes.AsSpan(_at));
            if (head == SnapshotBuffer.Piece.Record) return;
            _at += SnapshotBuffer.Piece.HeadLength;
            var value = SnapshotBuffer.Piece.Value(head);
            if (SnapshotBuffer.Piece.IsNumber(head))
            {
                writer.Number(value);
                continue;
            }

            if (value > 0) Skip();
            writer.Text(value == 0 ? default : _chunks[_chunk].Bytes.AsSpan(_at, (int)value));
            _at += (int)value;
        }
    }

    /// <summary>
    /// Goes on to the next chunk when this one is read; what was reserved at once never straddles chunks. False when
    /// there is no more.
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
