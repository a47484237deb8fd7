using System.Runtime.CompilerServices;
using Starling.Slots.Values.Sets;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// A score in a small sorted set, in as few bytes as it needs: a byte of 0 to 127 is that number; 0xC0 to 0xDF begins a
/// number of 13 bits; else the lower four bits of the first byte say how many follow: an integer (0x80 and its width, see
/// <see cref="Intset"/>), a single (0x94) or a double (0x98). A score that is an integer, -0 too, is kept as one, as in
/// Redis's listpacks.
/// </summary>
internal static unsafe class PackedScore
{
    /// <summary>The most bytes of a score.</summary>
    public const int MostBytes = 1 + sizeof(double);

    private const int NumberCode = 0x80;
    private const int Number13Code = 0xC0;
    private const byte SingleCode = 0x94;
    private const byte DoubleCode = 0x98;
    private const int LargestSmall = 127;
    private const int Largest13 = 4095;

    /// <summary>Bytes of the score that begins with this byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Length(byte first)
    {
        if (first <= LargestSmall) return 1;
        return first >= Number13Code ? 2 : 1 + (first & 0xF);
    }

    /// <summary>Writes a score.</summary>
    /// <param name="at">Room for <see cref="MostBytes"/>.</param>
    /// <param name="score">The score; not NaN.</param>
    /// <returns>Its bytes.</returns>
    public static int Write(byte* at, double score)
    {
        if (ScoreText.IsInteger(score)) return WriteNumber(at, (long)score);
        var single = (float)score;
        if (single == score)
        {
            *at = SingleCode;
            Unsafe.WriteUnaligned(at + 1, single);
            return 1 + sizeof(float);
        }

        *at = DoubleCode;
        Unsafe.WriteUnaligned(at + 1, score);
        return 1 + sizeof(double);
    }

    /// <summary>The score that begins here.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Read(byte* at)
    {
        var first = *at;
        return first <= LargestSmall ? first : ReadLonger(at, first);
    }

    private static double ReadLonger(byte* at, byte first)
    {
        if (first >= Number13Code) return ((first & 0x1F) << 8 | at[1]) << 19 >> 19;
        return first switch
        {
            SingleCode => Unsafe.ReadUnaligned<float>(at + 1),
            DoubleCode => Unsafe.ReadUnaligned<double>(at + 1),
            _ => Intset.Read(at + 1, first & 0xF, 0),
        };
    }

    private static int WriteNumber(byte* at, long number)
    {
        if (number is >= 0 and <= LargestSmall)
        {
            *at = (byte)number;
            return 1;
        }

        if (number is >= -Largest13 - 1 and <= Largest13)
        {
            *at = (byte)(Number13Code | (int)(number >> 8) & 0x1F);
            at[1] = (byte)number;
            return 2;
        }

        var width = Intset.WidthOf(number);
        *at = (byte)(NumberCode | width);
        Intset.Write(at + 1, width, 0, number);
        return 1 + width;
    }
}
