namespace Starling.Node.Config;

/// <summary>notify-keyspace-events: one character per class of events.</summary>
internal sealed class NotifyKeyspaceEventsDirective() : Directive("notify-keyspace-events")
{
    /// <summary>The classes that 'A' stands for, in the order of CONFIG GET.</summary>
    private const string All = "g$lshzxetd";

    /// <summary>
    /// The rest, in the order of CONFIG GET; new keys ('n') come before them or, after an 'A', behind.
    /// </summary>
    private const string Others = "KEm";

    private readonly PropertySetting<string> _setting = new(
        config => config.NotifyKeyspaceEvents, (config, value) => config.NotifyKeyspaceEvents = value);

    /// <inheritdoc/>
    protected override bool HasEffect => true;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => _setting.Get(config);

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content) =>
        content.Write(Name, ConfigLine.Quote(Get(config)), isDefault: Get(config) == Default);

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        var chosen = new HashSet<char>();
        foreach (var c in arguments[0])
        {
            if (c == 'A') chosen.UnionWith(All);
            else if (All.Contains(c) || Others.Contains(c) || c == 'n') chosen.Add(c);
            else return "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.";
        }

        var newKeys = chosen.Contains('n') ? "n" : string.Empty;
        var others = string.Concat(Others.Where(chosen.Contains));
        var isAll = All.All(chosen.Contains);
        _setting.Set(config, isAll ? "A" + others + newKeys : string.Concat(All.Where(chosen.Contains)) + newKeys + others);
        return null;
    }
}
