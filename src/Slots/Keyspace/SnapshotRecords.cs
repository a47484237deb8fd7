using System.Runtime.CompilerServices;
using Starling.Slots.Memory;
using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>
/// What was saved for a snapshot and not delivered yet: records one after the other in a chain of native chunks. Each
/// stripe has its own chain, written under the stripe's lock, so that writers share nothing; the saver takes whole
/// chains and reads them under no lock. A record lies in one chunk.
/// </summary>
internal sealed unsafe class SnapshotRecords : IContentWriter
{
    /// <summary>Chosen so that a chunk is the heap's largest cell: the next size would come from the system.</summary>
    private const int ChunkBytes = 8000;

    private readonly NativeHeap _heap;
    private readonly int _selector;
    private readonly StrongBox<long>? _total;
    private SnapshotChunk* _first;
    private SnapshotChunk* _last;

    /// <summary>An empty chain.</summary>
    /// <param name="heap">The snapshot's own heap.</param>
    /// <param name="selector">The stripe.</param>
    /// <param name="total">Sums up the bytes of several chains; changed once per chunk.</param>
    public SnapshotRecords(NativeHeap heap, int selector, StrongBox<long>? total = null)
    {
        _heap = heap;
        _selector = selector;
        _total = total;
    }

    /// <summary>Bytes of the chunks of the chain.</summary>
    public long Bytes { get; private set; }

    /// <summary>Takes the chain, which is the caller's to read and free; null when it is empty.</summary>
    public SnapshotChunk* Take()
    {
        var first = _first;
        _first = _last = null;
        if (_total != null) Interlocked.Add(ref _total.Value, -Bytes);
        Bytes = 0;
        return first;
    }

    /// <summary>Takes over what another chain of the same heap holds, behind what this one holds.</summary>
    public void Append(SnapshotRecords other)
    {
        var bytes = other.Bytes;
        var last = other._last;
        var first = other.Take();
        if (first == null) return;
        if (_last == null) _first = first;
        else _last->Next = first;
        _last = last;
        Bytes += bytes;
        if (_total != null) Interlocked.Add(ref _total.Value, bytes);
    }

    /// <summary>Frees the chain unread.</summary>
    public void Discard()
    {
        for (var chunk = Take(); chunk != null;)
        {
            var next = chunk->Next;
            _heap.Free((byte*)chunk, sizeof(SnapshotChunk) + (long)chunk->Size);
            chunk = next;
        }
    }

    /// <summary>Begins a key; the pieces of its value follow, unless a view has them.</summary>
    public void Entry(ReadOnlySpan<byte> key, in SnapshotHead head)
    {
        var at = Reserve(SnapshotPiece.Entry, sizeof(SnapshotHead) + key.Length);
        Unsafe.WriteUnaligned(at, head);
        key.CopyTo(new Span<byte>(at + sizeof(SnapshotHead), key.Length));
    }

    /// <inheritdoc/>
    public void Number(ulong value) => Unsafe.WriteUnaligned(Reserve(SnapshotPiece.Number, sizeof(ulong)), value);

    /// <inheritdoc/>
    public void Text(ReadOnlySpan<byte> text) => Add(SnapshotPiece.Text, text);

    /// <inheritdoc/>
    public void Raw(ReadOnlySpan<byte> bytes) => Add(SnapshotPiece.Raw, bytes);

    /// <summary>Begins a text that comes in parts.</summary>
    public void BeginText(long length) =>
        Unsafe.WriteUnaligned(Reserve(SnapshotPiece.BeginText, sizeof(long)), length);

    /// <summary>Adds a part of a text.</summary>
    public void TextPart(ReadOnlySpan<byte> bytes) => Add(SnapshotPiece.TextPart, bytes);

    private void Add(SnapshotPiece piece, ReadOnlySpan<byte> bytes)
    {
        var at = Reserve(piece, sizeof(int) + bytes.Length);
        Unsafe.WriteUnaligned(at, bytes.Length);
        bytes.CopyTo(new Span<byte>(at + sizeof(int), bytes.Length));
    }

    /// <summary>Room for a record; its first byte is written.</summary>
    private byte* Reserve(SnapshotPiece piece, int length)
    {
        var whole = checked(1 + length);
        if (_last == null || _last->Size - _last->Used < whole) AddChunk(whole);
        var at = SnapshotChunk.Records(_last) + _last->Used;
        _last->Used += whole;
        *at = (byte)piece;
        return at + 1;
    }

    private void AddChunk(int atLeast)
    {
        var size = Math.Max(ChunkBytes - sizeof(SnapshotChunk), atLeast);
        var chunk = (SnapshotChunk*)_heap.Allocate(_selector, sizeof(SnapshotChunk) + (long)size);
        chunk->Next = null;
        chunk->Size = size;
        chunk->Used = 0;
        if (_last == null) _first = chunk;
        else _last->Next = chunk;
        _last = chunk;
        Bytes += size;
        if (_total != null) Interlocked.Add(ref _total.Value, size);
    }
}
