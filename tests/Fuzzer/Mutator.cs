using System.Buffers.Binary;

namespace Starling.Fuzzer;

/// <summary>Makes inputs out of others by a few changes each, all from one source of randomness.</summary>
/// <param name="random">The source.</param>
internal sealed class Mutator(Random random)
{
    private const int LongestBlock = 64;

    private static readonly byte[] OddBytes = [0, 1, 2, 3, 0x0A, 0x0D, 0x20, 0x3F, 0x40, 0x7E, 0x7F, 0x80, 0x81, 0xBF, 0xC0, 0xC3, 0xE0, 0xF0, 0xF4, 0xFD, 0xFE, 0xFF];

    private static readonly long[] OddNumbers =
    [
        0, 1, -1, 127, 128, 255, 256, 32767, 32768, 65535, 65536, int.MaxValue, int.MinValue, uint.MaxValue, 1L << 32, long.MaxValue, long.MinValue,
    ];

    /// <summary>A changed copy.</summary>
    /// <param name="parent">What is changed.</param>
    /// <param name="other">Parts of it may come in.</param>
    public byte[] Change(byte[] parent, byte[] other)
    {
        List<byte> bytes = [.. parent];
        for (var changes = 1 << random.Next(4); changes > 0; changes--)
        {
            if (bytes.Count < 2) bytes.AddRange([1, 1]);
            ChangeOnce(bytes, other);
        }

        if (bytes.Count > InputRecord.LongestInput) bytes.RemoveRange(InputRecord.LongestInput, bytes.Count - InputRecord.LongestInput);
        return [.. bytes];
    }

    private void ChangeOnce(List<byte> bytes, byte[] other)
    {
        var at = random.Next(bytes.Count);
        switch (random.Next(12))
        {
            case 0 or 1:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                bytes[at] = (byte)random.Next(256);
                break;
            case 3:
                bytes[at] = OddBytes[random.Next(OddBytes.Length)];
                break;
            case 4 or 5:
                bytes[at] = (byte)(bytes[at] + random.Next(1, 17) * (random.Next(2) == 0 ? 1 : -1));
                break;
            case 6:
                SetNumber(bytes, at);
                break;
            case 7:
                bytes.RemoveRange(at, random.Next(1, 1 + Math.Min(bytes.Count - at, BlockLength())));
                break;
            case 8:
                bytes.InsertRange(at, bytes.GetRange(at, Math.Min(bytes.Count - at, BlockLength())));
                break;
            case 9:
                var from = random.Next(bytes.Count);
                var block = bytes.GetRange(from, Math.Min(bytes.Count - Math.Max(from, at), BlockLength()));
                for (var i = 0; i < block.Count; i++) bytes[at + i] = block[i];
                break;
            case 10:
                bytes.InsertRange(at, Enumerable.Repeat(OddBytes[random.Next(OddBytes.Length)], random.Next(1, 9)));
                break;
            default:
                Splice(bytes, at, other);
                break;
        }
    }

    private void SetNumber(List<byte> bytes, int at)
    {
        Span<byte> number = stackalloc byte[sizeof(long)];
        var width = Math.Min(bytes.Count - at, 1 << random.Next(1, 4));
        var value = OddNumbers[random.Next(OddNumbers.Length)] + (random.Next(4) == 0 ? random.Next(-2, 3) : 0);
        if (random.Next(2) == 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(number, value);
            for (var i = 0; i < width; i++) bytes[at + i] = number[i];
        }
        else
        {
            BinaryPrimitives.WriteInt64BigEndian(number, value);
            for (var i = 0; i < width; i++) bytes[at + i] = number[number.Length - width + i];
        }
    }

    /// <summary>A part of another input, put in or in the place of what follows.</summary>
    private void Splice(List<byte> bytes, int at, byte[] other)
    {
        if (other.Length == 0) return;
        var from = random.Next(other.Length);
        if (random.Next(3) == 0)
        {
            bytes.RemoveRange(at, bytes.Count - at);
            bytes.AddRange(other.AsSpan(from));
        }
        else
        {
            bytes.InsertRange(at, other.AsSpan(from, Math.Min(other.Length - from, BlockLength())));
        }
    }

    private int BlockLength() => random.Next(4) == 0 ? random.Next(1, 1 + LongestBlock) : random.Next(1, 9);
}
