namespace Starling.Node.Telemetry;

/// <summary>What is remembered of one kind of event: the worst of each of the latest seconds in which it was slow.</summary>
/// <param name="Event">Its name.</param>
/// <param name="Samples">Oldest first; at least one.</param>
/// <param name="Longest">The longest ever, in milliseconds.</param>
internal sealed record LatencySeries(string Event, LatencySample[] Samples, long Longest)
{
    /// <summary>Most seconds that are remembered.</summary>
    public const int MostSamples = 160;

    /// <summary>The latest.</summary>
    public LatencySample Latest => Samples[^1];

    /// <summary>This with one sample more.</summary>
    public LatencySeries With(LatencySample sample)
    {
        var longest = Math.Max(Longest, sample.Milliseconds);
        if (Samples.Length > 0 && Latest.Time == sample.Time)
        {
            if (sample.Milliseconds <= Latest.Milliseconds) return this;
            return this with { Samples = [.. Samples[..^1], sample], Longest = longest };
        }

        return this with { Samples = [.. Samples.AsSpan(Math.Max(0, Samples.Length - MostSamples + 1)), sample], Longest = longest };
    }
}
