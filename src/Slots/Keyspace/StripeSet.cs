using System.Numerics;

namespace Starling.Slots.Keyspace;

/// <summary>
/// A set of stripes. Slots are grouped into <see cref="StripeCount"/> stripes (slot modulo that number); each stripe
/// has one lock.
/// </summary>
public struct StripeSet
{
    /// <summary>The number of stripes of a keyspace.</summary>
    public const int StripeCount = 256;

    private ulong _a, _b, _c, _d;

    /// <summary>The set of every stripe.</summary>
    public static StripeSet All =>
        new() { _a = ulong.MaxValue, _b = ulong.MaxValue, _c = ulong.MaxValue, _d = ulong.MaxValue };

    /// <summary>The stripe, 0..255, of a slot.</summary>
    public static int StripeOf(int slot) => slot & (StripeCount - 1);

    /// <summary>The number of stripes in the set.</summary>
    public readonly int Count =>
        BitOperations.PopCount(_a) + BitOperations.PopCount(_b) +
        BitOperations.PopCount(_c) + BitOperations.PopCount(_d);

    /// <summary>Adds the stripe of a slot.</summary>
    public void AddSlot(int slot)
    {
        var stripe = StripeOf(slot);
        var bit = 1UL << (stripe & 63);
        switch (stripe >> 6)
        {
            case 0: _a |= bit; break;
            case 1: _b |= bit; break;
            case 2: _c |= bit; break;
            default: _d |= bit; break;
        }
    }

    /// <summary>Adds every stripe of another set.</summary>
    public void Add(in StripeSet other)
    {
        _a |= other._a;
        _b |= other._b;
        _c |= other._c;
        _d |= other._d;
    }

    /// <summary>
    /// The lowest stripe of the set that is at least <paramref name="from"/>, or -1 when there is none.
    /// </summary>
    public readonly int Next(int from)
    {
        for (var word = from >> 6; word < 4; word++)
        {
            var bits = word switch { 0 => _a, 1 => _b, 2 => _c, _ => _d };
            if (word == from >> 6) bits &= ulong.MaxValue << (from & 63);
            if (bits != 0) return (word << 6) + BitOperations.TrailingZeroCount(bits);
        }

        return -1;
    }

    /// <summary>
    /// The highest stripe of the set that is at most <paramref name="from"/>, or -1 when there is none.
    /// </summary>
    public readonly int Previous(int from)
    {
        for (var word = from < 0 ? -1 : from >> 6; word >= 0; word--)
        {
            var bits = word switch { 0 => _a, 1 => _b, 2 => _c, _ => _d };
            if (word == from >> 6) bits &= ulong.MaxValue >> (63 - (from & 63));
            if (bits != 0) return (word << 6) + 63 - BitOperations.LeadingZeroCount(bits);
        }

        return -1;
    }
}
