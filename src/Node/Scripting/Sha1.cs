using System.Buffers.Binary;
using System.Numerics;

namespace Starling.Node.Scripting;

/// <summary>SHA-1 (FIPS 180-4), by which scripts are called. It keeps no secret; the runtime's own wants a library of the system.</summary>
internal static class Sha1
{
    /// <summary>Length of the digest in hexadecimal digits.</summary>
    public const int HexLength = 40;

    private const int BlockLength = 64;
    private const int LengthAt = 56; // of the message, in the last block
    private const int Rounds = 80;

    /// <summary>Writes the digest in lower-case hexadecimal digits.</summary>
    public static void WriteHex(ReadOnlySpan<byte> message, Span<byte> hex)
    {
        Span<uint> state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0];
        var rest = message;
        for (; rest.Length >= BlockLength; rest = rest[BlockLength..]) Mix(state, rest);
        Span<byte> last = stackalloc byte[2 * BlockLength];
        last.Clear();
        rest.CopyTo(last);
        last[rest.Length] = 0x80;
        var blocks = rest.Length < LengthAt ? 1 : 2;
        BinaryPrimitives.WriteInt64BigEndian(last[((blocks * BlockLength) - 8)..], message.Length * 8L);
        for (var i = 0; i < blocks; i++) Mix(state, last[(i * BlockLength)..]);
        for (var i = 0; i < HexLength; i++) hex[i] = "0123456789abcdef"u8[(int)(state[i >> 3] >> (28 - ((i & 7) * 4))) & 15];
    }

    private static void Mix(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> words = stackalloc uint[Rounds];
        for (var i = 0; i < 16; i++) words[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * i)..]);
        for (var i = 16; i < Rounds; i++) words[i] = BitOperations.RotateLeft(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4]);
        for (var i = 0; i < Rounds; i++)
        {
            var (f, k) = i switch
            {
                < 20 => ((b & c) | (~b & d), 0x5A827999u),
                < 40 => (b ^ c ^ d, 0x6ED9EBA1u),
                < 60 => ((b & c) | (b & d) | (c & d), 0x8F1BBCDCu),
                _ => (b ^ c ^ d, 0xCA62C1D6u),
            };
            var next = BitOperations.RotateLeft(a, 5) + f + e + k + words[i];
            (a, b, c, d, e) = (next, a, BitOperations.RotateLeft(b, 30), c, d);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
    }
}
