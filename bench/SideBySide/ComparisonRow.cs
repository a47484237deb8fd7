namespace Starling.Bench.SideBySide;

/// <summary>What was measured of one load.</summary>
internal sealed class ComparisonRow(CommandLoad load, int contenders)
{
    /// <summary>The load.</summary>
    public CommandLoad Load { get; } = load;

    /// <summary>Operations of one turn.</summary>
    public long Operations { get; set; }

    /// <summary>For each contender the error it answers with; null when it takes the command.</summary>
    public string?[] Refusals { get; } = new string?[contenders];

    /// <summary>For each contender its turns, one a round.</summary>
    public List<Measurement>[] Turns { get; } = Enumerable.Range(0, contenders).Select(_ => new List<Measurement>()).ToArray();

    /// <summary>True when both the first contender and this one were measured to the end.</summary>
    public bool IsComparable(int contender) => Refusals[0] is null && Refusals[contender] is null && Turns[contender].Count > 0;

    /// <summary>A figure of a contender: the median of its turns.</summary>
    public double Median(int contender, Func<Measurement, double> figure) => Quantile(Turns[contender].Select(figure), 0.5);

    /// <summary>The ratio of a contender's figure to the first one's of the same round: a quantile over the rounds.</summary>
    public double Ratio(int contender, Func<Measurement, double> figure, double part) =>
        Quantile(Turns[contender].Zip(Turns[0], (own, first) => figure(own) / figure(first)), part);

    private static double Quantile(IEnumerable<double> values, double part)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Round((sorted.Length - 1) * part)];
    }
}
