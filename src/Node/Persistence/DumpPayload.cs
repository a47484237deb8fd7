using System.Buffers;
using Starling.Slots.Keyspace;

namespace Starling.Node.Persistence;

/// <summary>
/// The payload of DUMP, RESTORE and MIGRATE: a type byte, the value as in an RDB file, the RDB version (2 bytes, little-endian) and the CRC64 of
/// all that (8 bytes, little-endian).
/// </summary>
public static class DumpPayload
{
    /// <summary>Writes the payload of a value. Needs the stripe of the entry's key.</summary>
    public static void Write(in Entry entry, bool compression, IBufferWriter<byte> output) =>
        throw new NotSupportedException($"{entry} {compression} {output}");

    /// <summary>Reads a payload; never throws, whatever the bytes.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="value">The string that it holds.</param>
    /// <param name="error">The error reply's text with its code when false is returned.</param>
    public static bool TryRead(ReadOnlySpan<byte> payload, out byte[] value, out string error) =>
        throw new NotSupportedException($"{payload.Length}");
}
