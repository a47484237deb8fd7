namespace Starling.Node.Config;

/// <summary>bind: addresses to listen on; one that starts with '-' may be missing from the machine.</summary>
internal sealed class BindDirective() : Directive("bind")
{
    private const int MostAddresses = 16;

    /// <inheritdoc/>
    public override bool TakesSeveralArguments => true;

    /// <inheritdoc/>
    protected override bool HasEffect => true;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => string.Join(' ', config.Bind);

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content)
    {
        var value = Get(config);
        if (value == Default) content.Remove(Name);
        else if (config.Bind.Length == 0) content.Write(Name, "\"\"", isDefault: false);
        else content.Write(Name, string.Join(' ', config.Bind.Select(ConfigLine.QuoteIfNeeded)), isDefault: false);
    }

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (arguments.Count > MostAddresses) return "Too many bind addresses specified.";
        config.Bind = arguments is [""] ? [] : [.. arguments];
        return null;
    }
}
