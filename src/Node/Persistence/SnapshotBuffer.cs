using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Starling.Slots;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Persistence;

/// <summary>
/// What the keyspace says of a snapshot on its way to the saver: keys and the content of values, in chunks. Any thread
/// that holds a stripe adds, the saver takes everything at once. Adding is copying: encoding, compression and output
/// happen on the saver's thread.
/// </summary>
internal sealed class SnapshotBuffer : ISnapshotSink, IContentWriter
{
    private const int ChunkLength = 64 * 1024;
    private const int MaximumSpareChunks = 64;

    // Guards the chunks and counters below. Taken under stripes; nothing is taken under it.
    private readonly Lock _lock = new();
    private readonly Stack<Chunk> _spare = new();
    private List<Chunk> _chunks = [];
    private long _bytes;

    /// <summary>Bytes of chunks that wait for the saver.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The most that <see cref="Bytes"/> ever was.</summary>
    public long PeakBytes { get; private set; }

    /// <inheritdoc/>
    public void Save(int database, Entry entry)
    {
        var key = entry.Key;
        var record = new Record
        {
            Head = Piece.Record,
            ExpiresAt = entry.ExpiresAt,
            Database = database,
            KeyLength = key.Length,
            Form = entry.ContentForm,
        };
        lock (_lock)
        {
            var head = Reserve(Record.Size + key.Length);
            MemoryMarshal.Write(head, record);
            key.CopyTo(head[Record.Size..]);
            entry.WriteContent(this);
        }
    }

    /// <summary>A piece of the content of the entry that is being saved.</summary>
    void IContentWriter.Number(ulong value)
    {
        Invariant.That(value <= Piece.LargestNumber);
        MemoryMarshal.Write(Reserve(Piece.HeadLength), Piece.OfNumber(value));
    }

    /// <summary>A piece of the content of the entry that is being saved.</summary>
    void IContentWriter.Text(ReadOnlySpan<byte> text)
    {
        MemoryMarshal.Write(Reserve(Piece.HeadLength), Piece.OfText(text.Length));
        text.CopyTo(Reserve(text.Length));
    }

    /// <summary>Takes all chunks that are there; give them back with <see cref="Recycle"/>.</summary>
    public List<Chunk> Take(List<Chunk> empty)
    {
        lock (_lock)
        {
            var chunks = _chunks;
            _chunks = empty;
            Volatile.Write(ref _bytes, 0);
            return chunks;
        }
    }

    /// <summary>Gives chunks back for use.</summary>
    public void Recycle(List<Chunk> chunks)
    {
        lock (_lock)
        {
            foreach (var chunk in chunks)
            {
                if (chunk.Bytes.Length != ChunkLength || _spare.Count == MaximumSpareChunks) continue;
                chunk.Used = 0;
                _spare.Push(chunk);
            }
        }

        chunks.Clear();
    }

    /// <summary>Space that lies in one chunk.</summary>
    private Span<byte> Reserve(int length)
    {
        var chunk = _chunks.Count > 0 ? _chunks[^1] : null;
        if (chunk is null || chunk.Bytes.Length - chunk.Used < length)
        {
            if (length > ChunkLength) chunk = new Chunk(length);
            else if (!_spare.TryPop(out chunk)) chunk = new Chunk(ChunkLength);
            _chunks.Add(chunk);
            Volatile.Write(ref _bytes, _bytes + chunk.Bytes.Length);
            PeakBytes = Math.Max(PeakBytes, _bytes);
        }

        var space = chunk.Bytes.AsSpan(chunk.Used, length);
        chunk.Used += length;
        return space;
    }

    /// <summary>
    /// The head of what follows: a piece of content, or a record. A number lies in the head itself, a text of that
    /// length follows where it fits whole.
    /// </summary>
    internal static class Piece
    {
        /// <summary>Bytes of a head.</summary>
        public const int HeadLength = sizeof(ulong);

        /// <summary>The largest number that a head can hold.</summary>
        public const ulong LargestNumber = ulong.MaxValue >> 2;

        /// <summary>The head of a record.</summary>
        public const ulong Record = 0;

        private const ulong NumberTag = 1;
        private const ulong TextTag = 2;
        private const ulong TagMask = 3;

        /// <summary>The head of a number.</summary>
        public static ulong OfNumber(ulong value) => value << 2 | NumberTag;

        /// <summary>The head of a text.</summary>
        public static ulong OfText(int length) => (ulong)length << 2 | TextTag;

        /// <summary>True for the head of a number.</summary>
        public static bool IsNumber(ulong head) => (head & TagMask) == NumberTag;

        /// <summary>The number, or the length of the text.</summary>
        public static ulong Value(ulong head) => head >> 2;
    }

    /// <summary>A record: the key follows it, then the pieces of the content.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Record
    {
        public ulong Head;
        public long ExpiresAt;
        public int Database;
        public int KeyLength;
        public ContentForm Form;

        public static int Size => Unsafe.SizeOf<Record>();
    }

    /// <summary>A piece of memory with records in it.</summary>
    internal sealed class Chunk
    {
        public Chunk(int length) => Bytes = GC.AllocateUninitializedArray<byte>(length);

        public byte[] Bytes { get; }

        public int Used { get; set; }
    }
}
