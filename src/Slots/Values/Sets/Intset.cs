using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Starling.Slots.Values.Sets;

/// <summary>
/// Sorted integers without a header, little-endian, each as wide as the widest needs: 1, 2, 3, 4, 6 or 8 bytes. RDB files
/// have Redis's intset instead: the width (2, 4 or 8) and the number of integers in 4 bytes each, then the integers.
/// </summary>
internal static unsafe class Intset
{
    /// <summary>Bytes before the integers in Redis's layout.</summary>
    public const int HeaderBytes = 8;

    private const long Largest24 = (1 << 23) - 1;
    private const long Largest48 = (1L << 47) - 1;

    /// <summary>Bytes that an integer needs.</summary>
    public static int WidthOf(long value) => value switch
    {
        >= sbyte.MinValue and <= sbyte.MaxValue => 1,
        >= short.MinValue and <= short.MaxValue => 2,
        >= -Largest24 - 1 and <= Largest24 => 3,
        >= int.MinValue and <= int.MaxValue => 4,
        >= -Largest48 - 1 and <= Largest48 => 6,
        _ => 8,
    };

    /// <summary>The width for all integers of a sorted range.</summary>
    public static int WidthOf(long lowest, long highest) => Math.Max(WidthOf(lowest), WidthOf(highest));

    /// <summary>The integer of an index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Read(byte* integers, int width, long index)
    {
        var at = integers + (index * width);
        return width switch
        {
            1 => *(sbyte*)at,
            2 => Unsafe.ReadUnaligned<short>(at),
            3 => Unsafe.ReadUnaligned<ushort>(at) | (sbyte)at[2] << 16,
            4 => Unsafe.ReadUnaligned<int>(at),
            6 => Unsafe.ReadUnaligned<uint>(at) | (long)Unsafe.ReadUnaligned<short>(at + 4) << 32,
            _ => Unsafe.ReadUnaligned<long>(at),
        };
    }

    /// <summary>Writes the integer of an index.</summary>
    public static void Write(byte* integers, int width, long index, long value)
    {
        var at = integers + (index * width);
        switch (width)
        {
            case 1:
                *at = (byte)value;
                break;
            case 2:
                Unsafe.WriteUnaligned(at, (short)value);
                break;
            case 3:
                Unsafe.WriteUnaligned(at, (short)value);
                at[2] = (byte)(value >> 16);
                break;
            case 4:
                Unsafe.WriteUnaligned(at, (int)value);
                break;
            case 6:
                Unsafe.WriteUnaligned(at, (int)value);
                Unsafe.WriteUnaligned(at + 4, (short)(value >> 32));
                break;
            default:
                Unsafe.WriteUnaligned(at, value);
                break;
        }
    }

    /// <summary>Finds an integer.</summary>
    /// <param name="integers">The integers.</param>
    /// <param name="width">Bytes of each.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="value">The one that is looked for.</param>
    /// <param name="index">Its index, or the one that it would get.</param>
    public static bool TryFind(byte* integers, int width, long count, long value, out long index)
    {
        index = width switch
        {
            1 => LowerBound<Width1>(integers, 0, count, value),
            2 => LowerBound<Width2>(integers, 0, count, value),
            3 => LowerBound<Width3>(integers, 0, count, value),
            4 => LowerBound<Width4>(integers, 0, count, value),
            6 => LowerBound<Width6>(integers, 0, count, value),
            _ => LowerBound<Width8>(integers, 0, count, value),
        };
        return index < count && Read(integers, width, index) == value;
    }

    /// <summary>
    /// Finds an integer near the place of the last one: what rising ones are looked for with, at about one step for each.
    /// </summary>
    /// <param name="integers">The integers.</param>
    /// <param name="width">Bytes of each.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="value">The one that is looked for.</param>
    /// <param name="near">
    /// Any index up to the count, best the one that was found last; then the index of the integer, or the one that it would get.
    /// </param>
    public static bool TryFindNear(byte* integers, int width, long count, long value, ref long near)
    {
        near = width switch
        {
            1 => LowerBoundNear<Width1>(integers, count, value, near),
            2 => LowerBoundNear<Width2>(integers, count, value, near),
            3 => LowerBoundNear<Width3>(integers, count, value, near),
            4 => LowerBoundNear<Width4>(integers, count, value, near),
            6 => LowerBoundNear<Width6>(integers, count, value, near),
            _ => LowerBoundNear<Width8>(integers, count, value, near),
        };
        return near < count && Read(integers, width, near) == value;
    }

    /// <summary>Writes integers anew with another width, or the same.</summary>
    /// <param name="from">The integers.</param>
    /// <param name="width">Bytes of each.</param>
    /// <param name="count">How many.</param>
    /// <param name="to">Where they go; not where they are.</param>
    /// <param name="newWidth">Bytes of each there.</param>
    public static void Copy(byte* from, int width, long count, byte* to, int newWidth)
    {
        if (width == newWidth) Buffer.MemoryCopy(from, to, count * width, count * width);
        else for (long i = 0; i < count; i++) Write(to, newWidth, i, Read(from, width, i));
    }

    /// <summary>Bytes of an integer in Redis's layout for what has this width here.</summary>
    public static int WrittenWidth(int width) => width switch
    {
        <= 2 => 2,
        <= 4 => 4,
        _ => 8,
    };

    /// <summary>Writes all in Redis's layout.</summary>
    /// <param name="integers">The integers.</param>
    /// <param name="width">Bytes of each.</param>
    /// <param name="count">How many.</param>
    /// <param name="target"><see cref="HeaderBytes"/> and then <see cref="WrittenWidth"/> bytes for each.</param>
    public static void WriteAll(byte* integers, int width, long count, Span<byte> target)
    {
        var written = WrittenWidth(width);
        BinaryPrimitives.WriteInt32LittleEndian(target, written);
        BinaryPrimitives.WriteInt32LittleEndian(target[4..], (int)count);
        fixed (byte* to = target[HeaderBytes..]) Copy(integers, width, count, to, written);
    }

    /// <summary>
    /// Checks bytes from outside: Redis's layout, as long as it says, with at least one integer, in rising order.
    /// </summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="width">Bytes of each integer there.</param>
    /// <param name="count">How many there are.</param>
    public static bool IsSound(ReadOnlySpan<byte> bytes, out int width, out int count)
    {
        (width, count) = (0, 0);
        if (bytes.Length <= HeaderBytes) return false;
        width = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        var stated = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (width is not (2 or 4 or 8) || stated * (long)width != bytes.Length - HeaderBytes) return false;
        count = (int)stated;
        fixed (byte* integers = bytes[HeaderBytes..])
        {
            for (var i = 1; i < count; i++)
                if (Read(integers, width, i - 1) >= Read(integers, width, i)) return false;
        }

        return true;
    }

    /// <summary>
    /// The first of some integers that is not less, or the index behind them. Takes the same steps whatever the value, so that
    /// no branch of them is foreseen wrongly.
    /// </summary>
    private static long LowerBound<TWidth>(byte* integers, long from, long count, long value)
        where TWidth : struct, IWidth
    {
        if (count == 0) return from;
        for (; count > 1; count -= count >>> 1)
        {
            var half = count >>> 1;
            from += half & -(long)Unsafe.BitCast<bool, byte>(TWidth.Read(integers, from + half - 1) < value);
        }

        return from + Unsafe.BitCast<bool, byte>(TWidth.Read(integers, from) < value);
    }

    /// <summary>As <see cref="LowerBound{TWidth}"/> of all, with steps that grow from a place on.</summary>
    private static long LowerBoundNear<TWidth>(byte* integers, long count, long value, long near)
        where TWidth : struct, IWidth
    {
        if (near > 0 && TWidth.Read(integers, near - 1) >= value) return LowerBound<TWidth>(integers, 0, near, value);
        long step = 1;
        for (; near + step <= count && TWidth.Read(integers, near + step - 1) < value; step <<= 1) near += step;
        return LowerBound<TWidth>(integers, near, Math.Min(step, count - near), value);
    }

    private interface IWidth
    {
        static abstract long Read(byte* integers, long index);
    }

    private readonly struct Width1 : IWidth
    {
        public static long Read(byte* integers, long index) => Intset.Read(integers, 1, index);
    }

    private readonly struct Width2 : IWidth
    {
        public static long Read(byte* integers, long index) => Intset.Read(integers, 2, index);
    }

    private readonly struct Width3 : IWidth
    {
        public static long Read(byte* integers, long index) => Intset.Read(integers, 3, index);
    }

    private readonly struct Width4 : IWidth
    {
        public static long Read(byte* integers, long index) => Intset.Read(integers, 4, index);
    }

    private readonly struct Width6 : IWidth
    {
        public static long Read(byte* integers, long index) => Intset.Read(integers, 6, index);
    }

    private readonly struct Width8 : IWidth
    {
        public static long Read(byte* integers, long index) => Intset.Read(integers, 8, index);
    }
}
