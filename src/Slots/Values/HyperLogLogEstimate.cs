namespace Starling.Slots.Values;

/// <summary>
/// The estimator of Otmar Ertl's "New cardinality estimation algorithms for HyperLogLog sketches" (arXiv:1702.01284), in
/// the order of operations that gives Redis's numbers to the last one.
/// </summary>
internal static class HyperLogLogEstimate
{
    /// <summary>Registers of 6 bits have values below this.</summary>
    public const int HistogramLength = 64;

    private const double Alpha = 0.721347520444481703680; // 1 / (2 ln 2)

    /// <summary>Estimates the number of elements.</summary>
    /// <param name="histogram">How many registers have each value.</param>
    public static ulong Of(ReadOnlySpan<int> histogram)
    {
        const double Registers = HyperLogLog.Registers;
        var sum = Registers * Tau((Registers - histogram[HyperLogLog.LargestCount]) / Registers);
        for (var value = HyperLogLog.LargestCount - 1; value >= 1; value--)
        {
            sum += histogram[value];
            sum *= 0.5;
        }

        sum += Registers * Sigma(histogram[0] / Registers);
        return unchecked((ulong)(long)Math.Round(Alpha * Registers * Registers / sum, MidpointRounding.AwayFromZero));
    }

    private static double Sigma(double x)
    {
        if (x == 1) return double.PositiveInfinity;
        double before, factor = 1, sum = x;
        do
        {
            x *= x;
            before = sum;
            sum += x * factor;
            factor += factor;
        }
        while (before != sum);
        return sum;
    }

    private static double Tau(double x)
    {
        if (x is 0 or 1) return 0;
        double before, factor = 1, sum = 1 - x;
        do
        {
            x = Math.Sqrt(x);
            before = sum;
            factor *= 0.5;
            sum -= (1 - x) * (1 - x) * factor;
        }
        while (before != sum);
        return sum / 3;
    }
}
