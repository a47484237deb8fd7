namespace Starling.Node.Config;

/// <summary>
/// Short words for the rows of the directive table. With a property the directive has an effect, with a default alone
/// it has none yet.
/// </summary>
internal static class Row
{
    public const long LargestInt = int.MaxValue;
    public const long LargestLong = long.MaxValue;

    /// <summary>A yes or no kept in a property.</summary>
    public static Setting<bool> In(Func<ServerConfig, bool> get, Action<ServerConfig, bool> set) => new PropertySetting<bool>(get, set);

    /// <summary>A number kept in a property of 32 bits.</summary>
    public static Setting<long> In(Func<ServerConfig, int> get, Action<ServerConfig, int> set) =>
        new PropertySetting<long>(c => get(c), (c, value) => set(c, (int)value));

    /// <summary>A number kept in a property of 64 bits.</summary>
    public static Setting<long> In(Func<ServerConfig, long> get, Action<ServerConfig, long> set) => new PropertySetting<long>(get, set);

    /// <summary>A text kept in a property.</summary>
    public static Setting<string> In(Func<ServerConfig, string> get, Action<ServerConfig, string> set) =>
        new PropertySetting<string>(get, set);

    /// <summary>A text kept in a property that is null instead of empty.</summary>
    public static Setting<string> InOptional(Func<ServerConfig, string?> get, Action<ServerConfig, string?> set) =>
        new PropertySetting<string>(c => get(c) ?? string.Empty, (c, value) => set(c, value.Length == 0 ? null : value));

    /// <summary>A yes or no that nobody reads yet.</summary>
    public static BooleanDirective PendingFlag(string name, bool initial, bool immutable = false, params string[] aliases) =>
        new(name, new PendingSetting<bool>(name, initial)) { IsImmutable = immutable, Aliases = aliases };

    /// <summary>A number that nobody reads yet.</summary>
    public static NumberDirective PendingNumber(
        string name,
        Int128 lowest,
        Int128 highest,
        long initial,
        NumberFormat format = NumberFormat.Integer,
        bool immutable = false,
        bool hidden = false,
        params string[] aliases) =>
        new(name, new PendingSetting<long>(name, initial), lowest, highest, format)
        {
            IsImmutable = immutable,
            IsHidden = hidden,
            Aliases = aliases,
        };

    /// <summary>A text that nobody reads yet.</summary>
    public static TextDirective PendingText(string name, string initial, bool immutable = false, params string[] aliases) =>
        new(name, new PendingSetting<string>(name, initial)) { IsImmutable = immutable, Aliases = aliases };

    /// <summary>A choice that nobody reads yet; the first word is the default.</summary>
    public static ChoiceDirective PendingChoice(string name, string initial, bool immutable, params string[] words) =>
        new(name, new PendingSetting<string>(name, initial), words) { IsImmutable = immutable };
}
