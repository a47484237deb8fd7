namespace Starling.Node.Config;

/// <summary>A directive that takes any text.</summary>
internal sealed class TextDirective(string name, Setting<string> setting) : Directive(name)
{
    /// <inheritdoc/>
    protected override bool HasEffect => setting.HasEffect;

    /// <summary>Checks a text; answers the reason when it is not accepted.</summary>
    public Func<string, string?>? Check { get; init; }

    /// <summary>
    /// Whether an empty text is a value like others, whose line CONFIG REWRITE leaves in the file. Otherwise it is the
    /// absence of the line where absence is the default.
    /// </summary>
    public bool HasEmptyValue { get; init; }

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => setting.Get(config);

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content)
    {
        var value = Get(config);
        if (value.Length == 0 && Default.Length == 0 && !HasEmptyValue) content.Remove(Name);
        else content.Write(Name, ConfigLine.Quote(value), isDefault: value == Default);
    }

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (Check?.Invoke(arguments[0]) is { } reason) return reason;
        setting.Set(config, arguments[0]);
        return null;
    }
}
