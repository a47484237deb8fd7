using System.Buffers.Binary;
using System.Net.Sockets;

namespace Starling.Node.Persistence;

/// <summary>
/// The bytes of an RDB stream: buffered, counted, summed up by CRC64. Every read answers false at the end of the stream
/// or when the
/// stream fails; <see cref="Problem"/> then says why when it was not the end.
/// </summary>
internal sealed class RdbInput
{
    private const int BufferLength = 64 * 1024;

    private readonly Stream _stream;
    private readonly byte[] _buffer;
    private int _start;
    private int _end;
    private bool _ended;

    // Bytes of the buffer before this index are part of _crc.
    private int _summed;
    private ulong _crc;
    private bool _sums;

    public RdbInput(Stream stream, bool sums)
    {
        _stream = stream;
        _buffer = new byte[BufferLength];
        _sums = sums;
    }

    /// <summary>Reads bytes that are all here, and uses the array as it likes.</summary>
    public RdbInput(byte[] bytes)
    {
        _stream = Stream.Null;
        _buffer = bytes;
        _end = bytes.Length;
        _ended = true;
    }

    /// <summary>Bytes taken so far.</summary>
    public long Position { get; private set; }

    /// <summary>Why the stream failed; null when it just ended.</summary>
    public string? Problem { get; private set; }

    /// <summary>Bytes that are here and not taken.</summary>
    public ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    public bool TryByte(out byte value)
    {
        value = 0;
        if (_start == _end && !Fill(1)) return false;
        value = _buffer[_start++];
        Position++;
        return true;
    }

    /// <summary>Fills a span.</summary>
    public bool TryBytes(Span<byte> output)
    {
        while (!output.IsEmpty)
        {
            if (_start == _end && !Fill(1)) return false;
            var part = Math.Min(output.Length, _end - _start);
            _buffer.AsSpan(_start, part).CopyTo(output);
            Take(part);
            output = output[part..];
        }

        return true;
    }

    /// <summary>
    /// Takes bytes without copying them; they are valid until the next read. Only for lengths up to half the buffer.
    /// </summary>
    public bool TryBorrow(int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (_end - _start < length && !Fill(length)) return false;
        bytes = _buffer.AsSpan(_start, length);
        Take(length);
        return true;
    }

    /// <summary>The most that <see cref="TryBorrow"/> may be asked for.</summary>
    public static int MaximumBorrow => BufferLength / 2;

    /// <summary>Reads a length; false also when a special string encoding stands there instead.</summary>
    public bool TryLength(out ulong length) => TryLength(out length, out var encoded) && !encoded;

    /// <summary>Reads a length, or the number of a special string encoding.</summary>
    public bool TryLength(out ulong length, out bool encoded)
    {
        length = 0;
        encoded = false;
        if (!TryByte(out var first)) return false;
        switch (first & RdbFormat.LengthKindMask)
        {
            case 0:
                length = first;
                return true;
            case RdbFormat.Length14Bit:
                if (!TryByte(out var low)) return false;
                length = (uint)(((first & 0x3F) << 8) | low);
                return true;
            case RdbFormat.EncodedString:
                encoded = true;
                length = (uint)(first & 0x3F);
                return true;
            default:
                return TryLongLength(first, out length);
        }
    }

    /// <summary>Ends the sum before the checksum is read, and returns it. Nothing is summed up afterwards.</summary>
    public ulong EndChecksum()
    {
        Sum();
        _sums = false;
        return _crc;
    }

    private bool TryLongLength(byte first, out ulong length)
    {
        Span<byte> bytes = stackalloc byte[8];
        length = 0;
        switch (first)
        {
            case RdbFormat.Length32Bit:
                if (!TryBytes(bytes[..4])) return false;
                length = BinaryPrimitives.ReadUInt32BigEndian(bytes);
                return true;
            case RdbFormat.Length64Bit:
                if (!TryBytes(bytes)) return false;
                length = BinaryPrimitives.ReadUInt64BigEndian(bytes);
                return true;
            default:
                Problem ??= "Unknown length encoding in rdbLoadLen()";
                return false;
        }
    }

    private void Take(int length)
    {
        _start += length;
        Position += length;
    }

    private void Sum()
    {
        if (_sums) _crc = Crc64.Append(_crc, _buffer.AsSpan(_summed, _start - _summed));
        _summed = _start;
    }

    /// <summary>Gets at least so many bytes into the buffer.</summary>
    private bool Fill(int wanted)
    {
        Sum();
        Buffered.CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        _summed = 0;
        while (_end < wanted)
        {
            if (_ended) return false;
            var count = ReadStream(_buffer.AsSpan(_end));
            _ended = count == 0;
            _end += count;
        }

        return true;
    }

    private int ReadStream(Span<byte> output)
    {
        try
        {
            return _stream.Read(output);
        }
        catch (Exception problem) when (
            problem is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Problem = SystemErrors.Explain(problem);
            return 0;
        }
    }
}
