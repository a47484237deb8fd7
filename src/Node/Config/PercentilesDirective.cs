using System.Globalization;

namespace Starling.Node.Config;

/// <summary>latency-tracking-info-percentiles: numbers from 0 to 100.</summary>
internal sealed class PercentilesDirective() : Directive("latency-tracking-info-percentiles")
{
    /// <inheritdoc/>
    public override bool TakesSeveralArguments => true;

    /// <inheritdoc/>
    protected override bool HasEffect => true;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => config.LatencyTrackingInfoPercentiles;

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content) =>
        content.Write(Name, Get(config) is { Length: > 0 } value ? value : "\"\"", isDefault: Get(config) == Default);

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        var values = new List<string>();
        foreach (var argument in arguments is [""] ? [] : arguments)
        {
            if (!double.TryParse(argument, NumberStyles.Float, CultureInfo.InvariantCulture, out var percentile) || !double.IsFinite(percentile))
                return "Invalid latency-tracking-info-percentiles parameters";
            if (percentile is < 0 or > 100) return "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]";
            values.Add(percentile.ToString("0.######", CultureInfo.InvariantCulture));
        }

        config.LatencyTrackingInfoPercentiles = string.Join(' ', values);
        return null;
    }
}
