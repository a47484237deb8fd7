using System.Numerics;

namespace Starling.Serving;

/// <summary>
/// How often each duration occurred, to two significant digits: exact up to 255 ns, in 128 steps per doubling beyond,
/// up to a second; what took longer counts as a second. One thread adds, any thread reads.
/// </summary>
internal sealed class LatencyHistogram
{
    private const long Longest = 1_000_000_000; // ns
    private const int Exact = 256;
    private const int StepsPerDoubling = 128;
    private const int StepBits = 7;

    private readonly long[] _counts = new long[IndexOf(Longest) + 1];

    /// <summary>Notes that a duration occurred some times.</summary>
    /// <param name="nanoseconds">The duration; negative ones count as 0.</param>
    /// <param name="times">How often.</param>
    public void Add(long nanoseconds, long times)
    {
        ref var count = ref _counts[IndexOf(Math.Clamp(nanoseconds, 0, Longest))];
        Volatile.Write(ref count, count + times);
    }

    /// <summary>Adds what another one holds, once, or takes it away.</summary>
    /// <param name="other">The other one; its thread may go on adding.</param>
    /// <param name="sign">1 or -1.</param>
    public void Add(LatencyHistogram other, int sign)
    {
        for (var i = 0; i < _counts.Length; i++) _counts[i] += sign * Volatile.Read(ref other._counts[i]);
    }

    /// <summary>True when nothing was noted.</summary>
    public bool IsEmpty => Array.TrueForAll(_counts, count => count <= 0);

    /// <summary>
    /// The longest duration, in nanoseconds, of the step in which a percentile lies; 0 when nothing was noted.
    /// </summary>
    /// <param name="percentile">0 to 100.</param>
    public long ValueAt(double percentile)
    {
        var total = 0L;
        foreach (var count in _counts) total += count;
        var wanted = Math.Max(1, (long)((percentile / 100 * total) + 0.5));
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted) return LongestOf(i);
        }

        return 0;
    }

    /// <summary>
    /// How many durations were no longer than 1, 2, 4 and so on, in units of 1024 ns, for those steps that some of them lie in:
    /// microseconds, up to the end of the step in which such a limit lies, and the count.
    /// </summary>
    public IReadOnlyList<(long Microseconds, long Count)> Doublings()
    {
        var steps = new List<(long, long)>();
        var next = IndexOf(1024);
        long sum = 0, told = 0;
        for (var i = 0; i < _counts.Length || sum > told; i++)
        {
            if (i < _counts.Length) sum += _counts[i];
            if (i < next) continue;
            if (sum > told) steps.Add((LongestOf(i) / 1000, sum));
            told = sum;
            next += StepsPerDoubling;
        }

        return steps;
    }

    private static int IndexOf(long nanoseconds)
    {
        if (nanoseconds < Exact) return (int)nanoseconds;
        var shift = BitOperations.Log2((ulong)nanoseconds) - StepBits;
        return Exact + ((shift - 1) * StepsPerDoubling) + (int)(nanoseconds >> shift) - StepsPerDoubling;
    }

    private static long LongestOf(int index)
    {
        if (index < Exact) return index;
        var shift = ((index - Exact) / StepsPerDoubling) + 1;
        var step = (index - Exact) % StepsPerDoubling;
        return ((StepsPerDoubling + step + 1L) << shift) - 1;
    }
}
