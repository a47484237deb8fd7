using System.Buffers.Binary;

namespace Starling.ClusterBus.Wire;

/// <summary>
/// Cuts a byte stream into packets: each begins with "RCmb" and its whole length as 32 bits, most significant byte
/// first.
/// </summary>
public static class BusFraming
{
    /// <summary>Bytes that must be there before the length is known.</summary>
    public const int PrefixLength = 8;

    /// <summary>Finds the packet at the start of a receive buffer.</summary>
    /// <param name="buffer">The bytes received and not consumed yet.</param>
    /// <param name="maximumLength">The longest packet that is accepted, in bytes.</param>
    /// <param name="length">The packet's length in bytes; 0 while it is not known. The buffer must grow to this when
    /// the status is Incomplete.</param>
    public static FrameStatus TryRead(ReadOnlySpan<byte> buffer, int maximumLength, out int length)
    {
        length = 0;
        var signature = "RCmb"u8;
        var shared = Math.Min(buffer.Length, signature.Length);
        if (!buffer[..shared].SequenceEqual(signature[..shared])) return FrameStatus.Invalid;
        if (buffer.Length < PrefixLength) return FrameStatus.Incomplete;
        var total = BinaryPrimitives.ReadUInt32BigEndian(buffer[4..]);
        if (total < BusProtocol.HeaderLength || total > maximumLength) return FrameStatus.Invalid;
        length = (int)total;
        return buffer.Length >= length ? FrameStatus.Complete : FrameStatus.Incomplete;
    }
}
