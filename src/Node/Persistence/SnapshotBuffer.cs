using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Persistence;

/// <summary>
/// What the keyspace says of a snapshot on its way to the saver: copies of keys and values, in chunks. Any thread that
/// holds a stripe adds, the
/// saver takes everything at once. Adding is copying: encoding, compression and output happen on the saver's thread.
/// </summary>
internal sealed class SnapshotBuffer : ISnapshotSink
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
        Invariant.That(entry.Kind == ValueKind.String);
        var key = entry.Key;
        var value = entry.String;
        var record = new Record
        {
            ExpiresAt = entry.ExpiresAt,
            Database = database,
            KeyLength = key.Length,
            ValueLength = value.Length,
            Kind = entry.Kind,
        };
        lock (_lock)
        {
            var head = Reserve(Record.Size + key.Length);
            MemoryMarshal.Write(head, record);
            key.CopyTo(head[Record.Size..]);
            value.CopyTo(Reserve(value.Length));
        }
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

    /// <summary>The head of a record; the key follows it, the value follows where it fits whole.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Record
    {
        public long ExpiresAt;
        public int Database;
        public int KeyLength;
        public int ValueLength;
        public ValueKind Kind;

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
