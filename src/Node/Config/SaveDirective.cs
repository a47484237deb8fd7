using System.Globalization;

namespace Starling.Node.Config;

/// <summary>
/// save: pairs of seconds and changes. The first line of a file replaces the defaults, later ones add to it; an empty
/// one clears. What an earlier line said already is not added again: CONFIG REWRITE writes points that an included file
/// has too, which would become more by every start.
/// </summary>
internal sealed class SaveDirective() : Directive("save")
{
    private const string Invalid = "Invalid save parameters";

    /// <inheritdoc/>
    public override bool TakesSeveralArguments => true;

    /// <inheritdoc/>
    protected override bool HasEffect => true;

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => string.Join(' ', config.Save.Select(Words));

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content)
    {
        if (config.Save.Count == 0) content.Write(Name, "\"\"", isDefault: false);
        foreach (var point in config.Save) content.Write(Name, Words(point), isDefault: false);
    }

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        if (arguments is [""])
        {
            config.Save = [];
            return null;
        }

        if (arguments.Count % 2 != 0) return Invalid;
        var points = new List<SavePoint>(isRepeated ? config.Save : []);
        for (var i = 0; i < arguments.Count; i += 2)
        {
            if (!DecimalText.TryParseLoosely(arguments[i], out var seconds) || seconds < 1) return Invalid;
            if (!DecimalText.TryParseLoosely(arguments[i + 1], out var changes) || changes is < 0 or > int.MaxValue) return Invalid;
            var point = new SavePoint(seconds, (int)changes);
            if (!(isRepeated && config.Save.Contains(point))) points.Add(point);
        }

        config.Save = points;
        return null;
    }

    private static string Words(SavePoint point) => string.Create(CultureInfo.InvariantCulture, $"{point.Seconds} {point.Changes}");
}
