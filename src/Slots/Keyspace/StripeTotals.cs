using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Starling.Slots.Keyspace;

/// <summary>
/// A number for each stripe, written under the stripe's lock and read without. They stand close together: a sum, which
/// DBSIZE and RANDOMKEY want, reads 2 KiB, where a cache line for each stripe would make it 16. What that costs writers on
/// several processors is a line that another one has written now and then, at an insertion or a deletion.
/// </summary>
internal sealed class StripeTotals
{
    private readonly long[] _values = new long[StripeSet.StripeCount];

    // What who held every stripe has found last, while nothing has changed since. Writers look at it, and store only when
    // it is known: mostly they share a line that nobody writes.
    private long _sum;
    private bool _isSumKnown;

    /// <summary>The number of a stripe.</summary>
    public long this[int stripe] => _values[stripe];

    /// <summary>Changes the number of a stripe. Under the stripe's lock.</summary>
    public void Add(int stripe, long change)
    {
        if (_isSumKnown) _isSumKnown = false;
        _values[stripe] += change;
    }

    /// <summary>The sum over all stripes, for who holds all of them.</summary>
    public long SumUnderAll()
    {
        if (_isSumKnown) return _sum;
        _sum = Sum();
        _isSumKnown = true;
        return _sum;
    }

    /// <summary>
    /// The sum over all stripes. No lock is needed: each number is read whole, as processors read the aligned parts of a
    /// vector, but not all at the same time.
    /// </summary>
    public long Sum()
    {
        // Two sums side by side: the additions of one would wait for each other.
        var (a, b) = (Vector256<long>.Zero, Vector256<long>.Zero);
        ref var first = ref MemoryMarshal.GetArrayDataReference(_values);
        for (nuint i = 0; i < StripeSet.StripeCount; i += 8)
        {
            a += Vector256.LoadUnsafe(ref first, i);
            b += Vector256.LoadUnsafe(ref first, i + 4);
        }

        return Vector256.Sum(a + b);
    }

    /// <summary>
    /// The stripe in which something with this number is, when everything is numbered through stripe by stripe; the last one
    /// that has any when the number is too large, -1 when none has.
    /// </summary>
    public int Find(long number)
    {
        var last = -1;
        for (var stripe = 0; stripe < StripeSet.StripeCount && number >= 0; stripe++)
        {
            var count = Volatile.Read(ref _values[stripe]);
            number -= count;
            if (count > 0) last = stripe;
        }

        return last;
    }
}
