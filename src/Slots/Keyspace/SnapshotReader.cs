using System.Runtime.CompilerServices;
using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>Reads the records of a chain that was taken from <see cref="SnapshotRecords"/>.</summary>
internal unsafe struct SnapshotReader
{
    private SnapshotChunk* _chunk;
    private int _at;

    public SnapshotReader(SnapshotChunk* chain) => _chunk = chain;

    /// <summary>
    /// Hands the records to the output up to one whose value a view has, and frees what was read. False when all are
    /// read.
    /// </summary>
    /// <param name="heap">The heap of the chunks.</param>
    /// <param name="output">Gets the records.</param>
    /// <param name="view">The view that comes next.</param>
    public bool Read(NativeHeap heap, ISnapshotOutput output, out int view)
    {
        view = SnapshotHead.NoView;
        while (_chunk != null)
        {
            while (_at < _chunk->Used)
            {
                Deliver(SnapshotChunk.Records(_chunk) + _at, output, ref view);
                if (view != SnapshotHead.NoView) return true;
            }

            var read = _chunk;
            _chunk = read->Next;
            _at = 0;
            heap.Free((byte*)read, sizeof(SnapshotChunk) + (long)read->Size);
        }

        return false;
    }

    private void Deliver(byte* record, ISnapshotOutput output, ref int view)
    {
        var body = record + 1;
        switch ((SnapshotPiece)(*record))
        {
            case SnapshotPiece.Entry:
                var head = Unsafe.ReadUnaligned<SnapshotHead>(body);
                var key = new ReadOnlySpan<byte>(body + sizeof(SnapshotHead), head.KeyLength);
                output.BeginEntry(head.Database, key, head.ExpiresAt, head.Form);
                view = head.View;
                _at += 1 + sizeof(SnapshotHead) + head.KeyLength;
                break;
            case SnapshotPiece.Number:
                output.Number(Unsafe.ReadUnaligned<ulong>(body));
                _at += 1 + sizeof(ulong);
                break;
            case SnapshotPiece.Text:
                output.Text(Bytes(body));
                break;
            case SnapshotPiece.BeginText:
                output.BeginText(Unsafe.ReadUnaligned<long>(body));
                _at += 1 + sizeof(long);
                break;
            case SnapshotPiece.TextPart:
                output.TextPart(Bytes(body));
                break;
            case SnapshotPiece.Raw:
                output.Raw(Bytes(body));
                break;
        }
    }

    private ReadOnlySpan<byte> Bytes(byte* body)
    {
        var length = Unsafe.ReadUnaligned<int>(body);
        _at += 1 + sizeof(int) + length;
        return new ReadOnlySpan<byte>(body + sizeof(int), length);
    }
}
