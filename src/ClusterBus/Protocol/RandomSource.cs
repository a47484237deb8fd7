using System.Buffers.Binary;
using System.Numerics;
using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// A random generator (xoshiro256**) that gives the same numbers for the same seed everywhere, so that a run can be
/// repeated.
/// </summary>
public sealed class RandomSource
{
    private ulong _a, _b, _c, _d;

    /// <summary>A generator for a test's or a simulation's seed.</summary>
    public RandomSource(ulong seed)
    {
        _a = SplitMix(ref seed);
        _b = SplitMix(ref seed);
        _c = SplitMix(ref seed);
        _d = SplitMix(ref seed);
    }

    /// <summary>
    /// A generator for a server: 32 bytes of the system's randomness, so that node names never collide.
    /// </summary>
    public RandomSource(ReadOnlySpan<byte> entropy)
        : this(BinaryPrimitives.ReadUInt64LittleEndian(entropy))
    {
        _b ^= BinaryPrimitives.ReadUInt64LittleEndian(entropy[8..]);
        _c ^= BinaryPrimitives.ReadUInt64LittleEndian(entropy[16..]);
        _d ^= BinaryPrimitives.ReadUInt64LittleEndian(entropy[24..]);
    }

    /// <summary>64 random bits.</summary>
    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>A number from 0 up to, not including, <paramref name="limit"/> (at least 1).</summary>
    public int Next(int limit) => (int)((UInt128)NextUInt64() * (uint)limit >> 64);

    /// <summary>A number from 0 up to, not including, 1.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A random name.</summary>
    public NodeId NextNodeId()
    {
        Span<byte> bytes = stackalloc byte[20];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, NextUInt64());
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], NextUInt64());
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], (uint)NextUInt64());
        return NodeId.FromBytes(bytes);
    }

    private static ulong SplitMix(ref ulong seed)
    {
        var z = seed += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
