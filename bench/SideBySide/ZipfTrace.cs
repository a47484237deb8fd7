namespace Starling.Bench.SideBySide;

/// <summary>Numbers by Zipf's law: the n-th has a chance in proportion to 1 / n^skew. The same from the same seed.</summary>
internal sealed class ZipfTrace
{
    private readonly double[] _sums;
    private readonly Random _random;

    /// <summary>Makes a trace of the numbers 0..count-1.</summary>
    public ZipfTrace(int count, double skew, int seed)
    {
        _random = new Random(seed);
        _sums = new double[count];
        var sum = 0.0;
        for (var i = 0; i < count; i++) _sums[i] = sum += Math.Pow(i + 1, -skew);
    }

    /// <summary>The next number.</summary>
    public int Next()
    {
        var at = Array.BinarySearch(_sums, _random.NextDouble() * _sums[^1]);
        return Math.Min(at < 0 ? ~at : at, _sums.Length - 1);
    }
}
