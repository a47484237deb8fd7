namespace Starling.Node.Config;

/// <summary>oom-score-adj-values: three numbers, for masters, replicas and background children.</summary>
internal sealed class OomScoreAdjValuesDirective() : Directive("oom-score-adj-values")
{
    private readonly PendingSetting<string> _setting = new("oom-score-adj-values", "0 200 800");

    /// <inheritdoc/>
    public override bool TakesSeveralArguments => true;

    /// <inheritdoc/>
    protected override bool HasEffect => _setting.HasEffect;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => _setting.Get(config);

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content) =>
        content.Write(Name, Get(config), isDefault: Get(config) == Default);

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (arguments.Count != 3) return WrongNumberOfArguments;
        var values = new long[3];
        for (var i = 0; i < values.Length; i++)
        {
            if (!DecimalText.TryParseLoosely(arguments[i], out values[i]) || values[i] is < -2000 or > 2000)
                return "Invalid oom-score-adj-values, elements must be between -2000 and 2000.";
        }

        _setting.Set(config, string.Join(' ', values));
        return null;
    }
}
