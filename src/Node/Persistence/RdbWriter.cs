using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Starling.Slots.Values;

namespace Starling.Node.Persistence;

/// <summary>
/// Writes an RDB stream, of version 10 unless it needs a newer one, in order: <see cref="Begin"/>, fields, keys, <see cref="End"/>. One thread at a
/// time. What the sink
/// throws passes through.
/// </summary>
public sealed class RdbWriter : IContentWriter
{
    private const int BufferLength = 64 * 1024;

    private readonly IByteSink _sink;
    private readonly bool _compression;
    private readonly bool _checksum;
    private readonly RdbStringEncoder _encoder = new();
    private readonly byte[] _buffer = new byte[BufferLength];
    private int _buffered;
    private ulong _crc;
    private int _database = -1;

    /// <summary>Makes a writer.</summary>
    /// <param name="sink">Gets the bytes.</param>
    /// <param name="compression">Compresses strings that get shorter by it.</param>
    /// <param name="checksum">Ends the stream with its CRC64; otherwise with zero, which readers take for "not
    /// checked".</param>
    public RdbWriter(IByteSink sink, bool compression, bool checksum)
    {
        _sink = sink;
        _compression = compression;
        _checksum = checksum;
    }

    /// <summary>Bytes written so far, those that the sink has not got yet included.</summary>
    public long Length { get; private set; }

    /// <summary>Writes the signature and version.</summary>
    /// <param name="version">The version of the format that a reader must know.</param>
    public void Begin(int version = RdbFormat.WrittenVersion) =>
        Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"REDIS{version:D4}")));

    /// <summary>Writes a field of the header.</summary>
    public void Auxiliary(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        WriteByte(RdbFormat.OpcodeAuxiliary);
        Text(name);
        Text(value);
    }

    /// <summary>Writes a numeric field of the header.</summary>
    public void Auxiliary(ReadOnlySpan<byte> name, long value)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out var length);
        Auxiliary(name, digits[..length]);
    }

    /// <summary>Writes the fields that every file has, in Redis's order.</summary>
    /// <param name="nowMilliseconds">Unix time of the snapshot, in milliseconds.</param>
    /// <param name="usedMemory">Bytes of memory in use.</param>
    /// <param name="position">The place in the replication stream, when there is one.</param>
    public void StandardFields(long nowMilliseconds, long usedMemory, ReplicationPosition? position)
    {
        Auxiliary("redis-ver"u8, Encoding.ASCII.GetBytes(RdbFormat.ServerVersion));
        Auxiliary("redis-bits"u8, 64);
        Auxiliary("ctime"u8, nowMilliseconds / 1000);
        Auxiliary("used-mem"u8, usedMemory);
        if (position is { } place)
        {
            Auxiliary("repl-stream-db"u8, place.StreamDatabase);
            Auxiliary("repl-id"u8, Encoding.ASCII.GetBytes(place.ReplicationId));
            Auxiliary("repl-offset"u8, place.Offset);
        }

        Auxiliary("aof-base"u8, 0);
    }

    /// <summary>Writes a library of functions, in front of all keys.</summary>
    public void Function(ReadOnlySpan<byte> code)
    {
        WriteByte(RdbFormat.OpcodeFunction2);
        Text(code);
    }

    /// <summary>Selects the database of the keys that follow, unless it is selected already.</summary>
    /// <returns>True when something was written.</returns>
    public bool SelectDatabase(int database)
    {
        if (database == _database) return false;
        _database = database;
        WriteByte(RdbFormat.OpcodeSelectDatabase);
        Number((ulong)database);
        return true;
    }

    /// <summary>
    /// Tells how many keys the selected database has, and how many with an expiry: a hint for readers.
    /// </summary>
    public void ResizeDatabase(long keys, long expiring)
    {
        WriteByte(RdbFormat.OpcodeResizeDatabase);
        Number((ulong)keys);
        Number((ulong)expiring);
    }

    /// <summary>Writes a key and what its value is; the pieces of the content follow.</summary>
    /// <param name="key">The key.</param>
    /// <param name="form">The form of the content.</param>
    /// <param name="expiresAt">Expiry in milliseconds of Unix time; negative for none.</param>
    public void BeginEntry(ReadOnlySpan<byte> key, ContentForm form, long expiresAt)
    {
        if (expiresAt >= 0)
        {
            Span<byte> expiry = stackalloc byte[9];
            expiry[0] = RdbFormat.OpcodeExpiryMilliseconds;
            BinaryPrimitives.WriteInt64LittleEndian(expiry[1..], expiresAt);
            Write(expiry);
        }

        WriteByte(RdbTypes.Of(form));
        Text(key);
    }

    /// <inheritdoc/>
    public void Number(ulong value)
    {
        Span<byte> bytes = stackalloc byte[9];
        Write(bytes[..RdbStringEncoder.WriteLength(bytes, value)]);
    }

    /// <inheritdoc/>
    public void Text(ReadOnlySpan<byte> text)
    {
        Span<byte> head = stackalloc byte[RdbStringEncoder.MaximumHead];
        var body = _encoder.Encode(text, _compression, head, out var headLength);
        Write(head[..headLength]);
        Write(body);
    }

    /// <inheritdoc/>
    public void Raw(ReadOnlySpan<byte> bytes) => Write(bytes);

    /// <summary>
    /// Begins a text that comes in parts and is not compressed: <see cref="TextPart"/> calls with that many bytes in all
    /// follow.
    /// </summary>
    public void BeginText(long length) => Number((ulong)length);

    /// <summary>Writes the next bytes of a text that comes in parts.</summary>
    public void TextPart(ReadOnlySpan<byte> bytes) => Write(bytes);

    /// <summary>Writes the end and the checksum, and hands everything to the sink.</summary>
    public void End()
    {
        WriteByte(RdbFormat.OpcodeEnd);
        Flush();
        Span<byte> checksum = stackalloc byte[RdbFormat.ChecksumLength];
        BinaryPrimitives.WriteUInt64LittleEndian(checksum, _crc);
        Write(checksum);
        Flush();
    }

    /// <summary>Hands what was written to the sink.</summary>
    public void Flush()
    {
        if (_buffered == 0) return;
        var bytes = _buffer.AsSpan(0, _buffered);
        _buffered = 0;
        Emit(bytes);
    }

    private void WriteByte(byte value) => Write([value]);

    private void Write(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (bytes.Length > BufferLength - _buffered)
        {
            Flush();
            if (bytes.Length >= BufferLength)
            {
                Emit(bytes);
                return;
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += bytes.Length;
    }

    private void Emit(ReadOnlySpan<byte> bytes)
    {
        if (_checksum) _crc = Crc64.Append(_crc, bytes);
        _sink.Write(bytes);
    }
}
