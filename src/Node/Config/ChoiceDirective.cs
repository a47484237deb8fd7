namespace Starling.Node.Config;

/// <summary>A directive that takes one of some words, in any case.</summary>
internal sealed class ChoiceDirective(string name, Setting<string> setting, params string[] words) : Directive(name)
{
    /// <inheritdoc/>
    protected override bool HasEffect => setting.HasEffect;

    /// <summary>Words that mean the same as another one, which is what CONFIG GET then answers.</summary>
    public IReadOnlyDictionary<string, string> Synonyms { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The reason that Redis gives for a word that is not among those allowed.</summary>
    internal static string NotAmong(IEnumerable<string> words) => "argument(s) must be one of the following: " + string.Join(", ", words);

    /// <inheritdoc/>
    public override string Get(ServerConfig config) => setting.Get(config);

    /// <inheritdoc/>
    internal override void Rewrite(ServerConfig config, ConfigContent content) =>
        content.Write(Name, Get(config), isDefault: Get(config) == Default);

    /// <inheritdoc/>
    protected override string? Set(ServerConfig config, IReadOnlyList<string> arguments, bool isRepeated)
    {
        var word = Array.Find(words, w => w.Equals(arguments[0], StringComparison.OrdinalIgnoreCase));
        if (word is null) return NotAmong(words);
        setting.Set(config, Synonyms.GetValueOrDefault(word, word));
        return null;
    }
}
