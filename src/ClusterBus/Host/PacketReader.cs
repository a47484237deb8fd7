using System.Buffers.Binary;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Cuts the bytes of a bus link into packets. The buffer grows with what has arrived, never with what a header announces, and what is too
/// large to be buffered is skipped or refused; so a peer cannot make it take more than <see cref="MaxBuffered"/> and a little.
/// </summary>
internal sealed class PacketReader
{
    /// <summary>Longest packet that is kept whole: 65,535 gossip entries of 104 bytes and their header fit.</summary>
    public const int MaxBuffered = 8 * 1024 * 1024;

    private const int PrefixLength = 16;
    private const int InitialLength = 4096;
    private const int ReadAhead = 16 * 1024;
    private const int TypePublish = 4, TypePublishShard = 10, TypeModule = 9;

    private readonly int _minLength;
    private byte[] _buffer = new byte[InitialLength];
    private int _start;
    private int _end;
    private long _skip;

    /// <summary>Makes a reader.</summary>
    /// <param name="minLength">Bytes of the shortest packet.</param>
    public PacketReader(int minLength) => _minLength = minLength;

    /// <summary>Bytes held.</summary>
    public int Allocated => _buffer.Length;

    /// <summary>Where to put the next bytes; never empty. Call <see cref="Filled"/> then.</summary>
    public Span<byte> Free
    {
        get
        {
            if (_buffer.Length - _end < InitialLength / 2) MakeRoom();
            return _buffer.AsSpan(_end, Math.Min(_buffer.Length - _end, ReadAhead));
        }
    }

    /// <summary>Takes note of bytes put into <see cref="Free"/>.</summary>
    public void Filled(int count) => _end += count;

    /// <summary>Takes the next packet; it aliases the buffer and is valid until <see cref="Free"/> is asked for.</summary>
    public PacketStatus TryTake(out ReadOnlySpan<byte> packet)
    {
        packet = default;
        if (_skip > 0)
        {
            var skipped = (int)Math.Min(_skip, _end - _start);
            _skip -= skipped;
            _start += skipped;
        }

        var available = _buffer.AsSpan(_start, _end - _start);
        if (available.Length < 8)
        {
            if (available.IsEmpty) Shrink();
            return PacketStatus.Incomplete;
        }

        if (!available[..4].SequenceEqual("RCmb"u8)) return PacketStatus.Malformed;
        long length = BinaryPrimitives.ReadUInt32BigEndian(available[4..]);
        if (length < _minLength) return PacketStatus.Malformed;
        if (length > MaxBuffered) return SkipOrRefuse(available, length);
        if (available.Length < length) return PacketStatus.Incomplete;
        packet = available[..(int)length];
        _start += (int)length;
        return PacketStatus.Packet;
    }

    // Messages of PUBLISH and modules may be as long as proto-max-bulk-len and mean nothing here; no other packet is that long.
    private PacketStatus SkipOrRefuse(ReadOnlySpan<byte> available, long length)
    {
        if (available.Length < PrefixLength) return PacketStatus.Incomplete;
        var type = BinaryPrimitives.ReadUInt16BigEndian(available[12..]);
        if (type is not (TypePublish or TypePublishShard or TypeModule)) return PacketStatus.Malformed;
        var here = (int)Math.Min(length, available.Length);
        _skip = length - here;
        _start += here;
        return PacketStatus.Skipped;
    }

    private void MakeRoom()
    {
        var used = _end - _start;
        var size = _buffer.Length;
        if (used > size / 2) size *= 2;
        var target = size == _buffer.Length ? _buffer : new byte[size];
        _buffer.AsSpan(_start, used).CopyTo(target);
        _buffer = target;
        _start = 0;
        _end = used;
    }

    private void Shrink()
    {
        _start = 0;
        _end = 0;
        if (_buffer.Length > InitialLength) _buffer = new byte[InitialLength];
    }
}
