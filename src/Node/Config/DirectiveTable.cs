using System.Collections.Frozen;

namespace Starling.Node.Config;

/// <summary>
/// Every directive of the configuration: those that redis.conf 7.2 documents, and those that Valkey's tests and
/// configurations add. The one
/// place that says what has an effect: a row with a property of <see cref="ServerConfig"/> has, a row with a value only
/// has not yet, and a row with
/// a reason is refused.
/// </summary>
public static class DirectiveTable
{
    private static readonly Directive[] Rows =
    [
        .. ServerDirectives.Rows, .. StorageDirectives.Rows, .. ReplicationDirectives.Rows, .. ClusterDirectives.Rows, .. DataDirectives.Rows,
        .. SecurityDirectives.Rows, .. NewerDirectives.Rows,
    ];

    private static readonly FrozenDictionary<string, Directive> ByName =
        Rows.SelectMany(row => row.Aliases.Concat(row.HiddenAliases).Append(row.Name).Select(name => KeyValuePair.Create(name, row)))
            .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Lines that are directives in a file only, with the least number of arguments and the reason why they cannot be
    /// obeyed.
    /// </summary>
    private static readonly FrozenDictionary<string, (int Least, int Most, string Reason)> Refused =
        new Dictionary<string, (int, int, string)>
        {
            ["rename-command"] = (2, 2, "'rename-command' is not supported yet: the command would stay available under its own name"),
            ["loadmodule"] = (1, int.MaxValue, "'loadmodule' is not supported: this server loads no modules"),
            ["sentinel"] = (1, int.MaxValue, "sentinel directive while not in sentinel mode"),
        }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>Directives that Redis once had and reads over.</summary>
    private static readonly FrozenSet<string> Obsolete =
        FrozenSet.Create(StringComparer.OrdinalIgnoreCase, "list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands");

    /// <summary>Every directive, in the order of CONFIG GET and CONFIG REWRITE.</summary>
    public static IReadOnlyList<Directive> All => Rows;

    /// <summary>The directive of a name or alias, in any case; null when there is none.</summary>
    public static Directive? Find(string name) => ByName.GetValueOrDefault(name);

    /// <summary>
    /// True for lines that the configuration file knows and CONFIG GET does not; CONFIG REWRITE keeps them.
    /// </summary>
    internal static bool IsFileOnly(string name) =>
        name.Equals("include", StringComparison.OrdinalIgnoreCase) || Refused.ContainsKey(name);

    /// <summary>True for a directive that is read over.</summary>
    internal static bool IsObsolete(string name) => Obsolete.Contains(name);

    /// <summary>
    /// Why a line is refused that is no directive of CONFIG GET; null when it is unknown or has the wrong number of
    /// arguments.
    /// </summary>
    internal static string? ReasonToRefuse(string name, int arguments) =>
        Refused.TryGetValue(name, out var refused) && arguments >= refused.Least && arguments <= refused.Most ? refused.Reason : null;
}
