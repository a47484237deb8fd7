using System.Globalization;

namespace Starling.Bench.SideBySide;

/// <summary>How long single commands took.</summary>
/// <param name="Milliseconds">One by one, ascending.</param>
internal sealed record LatencySample(IReadOnlyList<double> Milliseconds)
{
    /// <summary>The longest.</summary>
    public double Longest => Milliseconds.Count == 0 ? 0 : Milliseconds[^1];

    /// <summary>Median, 99 and 99.9 of a hundred, the longest, and how many took longer than 5 ms, as a line of text.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Milliseconds.Count} SETs: median {At(0.5):F3}, 99 % {At(0.99):F2}, 99.9 % {At(0.999):F2}, longest {Longest:F1} ms; "
        + $"{Milliseconds.Count(time => time > 5)} above 5 ms");

    private double At(double part) => Milliseconds.Count == 0 ? 0 : Milliseconds[(int)(part * (Milliseconds.Count - 1))];
}
