namespace Starling.Node.Config;

/// <summary>
/// What a configuration file is to say of the configuration of one moment: taken in memory, to be written when no stripe
/// is held.
/// </summary>
public sealed class ConfigContent
{
    /// <summary>The directive of a user's line.</summary>
    internal const string User = "user";

    private readonly List<(string Directive, string? Value, bool IsDefault)> _lines = [];

    private ConfigContent(ServerConfig config)
    {
        Order = config.Rewrites;
        Number = Order.Next();
    }

    /// <summary>The order of what was taken of the same configuration.</summary>
    internal RewriteOrder Order { get; }

    /// <summary>Its place there.</summary>
    internal long Number { get; }

    /// <summary>The directives in the order in which they are written; a value that is null removes the lines of one.</summary>
    internal IReadOnlyList<(string Directive, string? Value, bool IsDefault)> Lines => _lines;

    /// <summary>Takes what is in force.</summary>
    public static ConfigContent Take(ServerConfig config)
    {
        var content = new ConfigContent(config);
        foreach (var directive in DirectiveTable.All) directive.Rewrite(config, content);
        if (config.UserLines is not { } users) return content;
        content.Remove(User);
        foreach (var (line, isDefault) in users()) content.Write(User, line, isDefault);
        return content;
    }

    /// <summary>
    /// Adds a line of a directive, in the place of one that the file has for it; a default value that the file does not name
    /// is left out.
    /// </summary>
    internal void Write(string directive, string value, bool isDefault) => _lines.Add((directive, value, isDefault));

    /// <summary>Removes the lines of a directive.</summary>
    internal void Remove(string directive) => _lines.Add((directive, null, false));
}
