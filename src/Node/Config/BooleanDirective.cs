namespace Starling.Node.Config;

/// <summary>A directive that takes yes or no.</summary>
internal sealed class BooleanDirective(string name, Setting<bool> setting) : Directive(name)
{
    /// <inheritdoc/>
    protected override bool HasEffect => setting.HasEffect;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => setting.Get(config) ? "yes" : "no";

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content) =>
        content.Write(Name, Get(config), isDefault: Get(config) == Default);

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        var isYes = arguments[0].Equals("yes", StringComparison.OrdinalIgnoreCase);
        if (!isYes && !arguments[0].Equals("no", StringComparison.OrdinalIgnoreCase)) return "argument must be 'yes' or 'no'";
        setting.Set(config, isYes);
        return null;
    }
}
