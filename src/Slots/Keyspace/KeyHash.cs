using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Starling.Slots.Keyspace;

/// <summary>
/// SipHash-1-3 (Aumasson and Bernstein; one round per word, three at the end) under the seed as its key: who does not
/// know the seed cannot choose keys that collide.
/// </summary>
internal readonly struct KeyHash
{
    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _mask;

    /// <summary>Makes the hash of a seed.</summary>
    /// <param name="seed">The key of the hash.</param>
    /// <param name="mask">Bits of the hash that are not 0 whatever the key; few of them make keys collide.</param>
    public KeyHash(UInt128 seed, ulong mask)
    {
        _first = (ulong)seed;
        _second = (ulong)(seed >> 64);
        _mask = mask;
    }

    /// <summary>The hash of a key.</summary>
    public ulong Of(ReadOnlySpan<byte> key)
    {
        var v0 = _first ^ 0x736f6d6570736575;
        var v1 = _second ^ 0x646f72616e646f6d;
        var v2 = _first ^ 0x6c7967656e657261;
        var v3 = _second ^ 0x7465646279746573;
        ref var start = ref MemoryMarshal.GetReference(key);
        var whole = key.Length & ~7;
        for (var i = 0; i < whole; i += 8)
        {
            var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, i));
            v3 ^= word;
            Round(ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
        }

        var last = (ulong)key.Length << 56 | Tail(key[whole..]);
        v3 ^= last;
        Round(ref v0, ref v1, ref v2, ref v3);
        v0 ^= last;
        v2 ^= 0xff;
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        Round(ref v0, ref v1, ref v2, ref v3);
        return (v0 ^ v1 ^ v2 ^ v3) & _mask;
    }

    /// <summary>Up to seven bytes as a little-endian number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Tail(ReadOnlySpan<byte> bytes)
    {
        var length = bytes.Length;
        if (length >= 4)
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[(length - 4)..]);
            return low | (ulong)high << ((length - 4) * 8);
        }

        if (length == 0) return 0;
        return bytes[0] | (ulong)bytes[length >> 1] << (length >> 1) * 8 | (ulong)bytes[length - 1] << (length - 1) * 8;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        v0 += v1;
        v2 += v3;
        v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
        v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
        v0 = BitOperations.RotateLeft(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
        v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
        v2 = BitOperations.RotateLeft(v2, 32);
    }
}
