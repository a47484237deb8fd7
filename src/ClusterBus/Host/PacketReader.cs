using System.Buffers.Binary;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Cuts the bytes of a bus link into packets. The buffer grows with what has arrived, never with what a header
/// announces, and what is too large to be buffered is skipped or refused; so a peer cannot make it take more than twice
/// <see cref="MaxBuffered"/>.
/// </summary>
internal sealed class PacketReader
{
    /// <summary>Longest packet that is kept whole: 65,535 gossip entries of 104 bytes and their header fit.</summary>
    public const int MaxBuffered = 8 * 1024 * 1024;

    /// <summary>Longest packet of a published message that is kept whole; see <see cref="TakesLongMessages"/>.</summary>
    public const int MaxPublished = 600 * 1024 * 1024;

    private const int TypeAt = 12;
    private const int PrefixLength = 16;
    private const int InitialLength = 4096;
    private const int LongestBuffer = 1 << 30;
    private const int MinFree = 2048;
    private const int ReadAhead = 64 * 1024;

    private byte[] _buffer = new byte[InitialLength];
    private int _start;
    private int _end;
    private long _skip;

    /// <summary>
    /// Published messages longer than <see cref="MaxBuffered"/> are kept, as far as there is memory; for links whose other end is
    /// known.
    /// </summary>
    public bool TakesLongMessages { get; set; }

    /// <summary>Bytes held.</summary>
    public int Allocated => _buffer.Length;

    /// <summary>Where to put the next bytes; never empty. Call <see cref="Filled"/> then.</summary>
    public Span<byte> Free
    {
        get
        {
            if (_buffer.Length - _end < MinFree) MakeRoom();
            return _buffer.AsSpan(_end, Math.Min(_buffer.Length - _end, ReadAhead));
        }
    }

    /// <summary>
    /// The length of a buffer that has no room left at its end, when so much of it is used. A longest one has room for the longest
    /// packet and more, wherever in it the packet began.
    /// </summary>
    internal static int LengthFor(int length, int used) => used > length / 2 && length < LongestBuffer ? length * 2 : length;

    /// <summary>The type of a packet that <see cref="TryTake"/> gave.</summary>
    public static BusType TypeOf(ReadOnlySpan<byte> packet) =>
        (BusType)BinaryPrimitives.ReadUInt16BigEndian(packet[TypeAt..]);

    /// <summary>Takes note of bytes put into <see cref="Free"/>.</summary>
    public void Filled(int count) => _end += count;

    /// <summary>
    /// Takes the next packet; it aliases the buffer and is valid until <see cref="Free"/> is asked for or the next
    /// packet is taken.
    /// </summary>
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
        if (available.IsEmpty) Shrink();
        switch (BusFraming.TryRead(available, int.MaxValue, out var length))
        {
            case FrameStatus.Invalid:
                return PacketStatus.Malformed;
            case FrameStatus.Incomplete when length <= MaxBuffered || IsWanted(available, length):
                return PacketStatus.Incomplete;
        }

        if (length > MaxBuffered && !IsWanted(available, length)) return SkipOrRefuse(available, length);
        packet = available[..length];
        _start += length;
        return PacketStatus.Packet;
    }

    // The buffer and the message itself take up to four times its length.
    private bool IsWanted(ReadOnlySpan<byte> available, int length) =>
        TakesLongMessages && length <= MaxPublished && available.Length >= PrefixLength
        && TypeOf(available) is BusType.Publish or BusType.PublishShard
        && length * 4L <= GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes - GC.GetTotalMemory(forceFullCollection: false);

    // Messages of PUBLISH and modules may be as long as proto-max-bulk-len, and what is not wanted is left out; no other
    // packet is that long.
    private PacketStatus SkipOrRefuse(ReadOnlySpan<byte> available, int length)
    {
        if (available.Length < PrefixLength) return PacketStatus.Incomplete;
        if (TypeOf(available) is not (BusType.Publish or BusType.PublishShard or BusType.Module))
            return PacketStatus.Malformed;
        var here = Math.Min(length, available.Length);
        _skip = length - here;
        _start += here;
        return PacketStatus.Skipped;
    }

    private void MakeRoom()
    {
        var used = _end - _start;
        var size = LengthFor(_buffer.Length, used);
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
