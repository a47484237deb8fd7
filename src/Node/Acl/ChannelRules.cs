namespace Starling.Node.Acl;

/// <summary>Which channels a selector allows. Never changes.</summary>
/// <param name="allowsEverything">Every channel and every pattern.</param>
/// <param name="patterns">Patterns of channels.</param>
internal sealed class ChannelRules(bool allowsEverything, byte[][] patterns)
{
    /// <summary>No channel.</summary>
    public static ChannelRules Nothing { get; } = new(allowsEverything: false, []);

    /// <summary>Every channel.</summary>
    public static ChannelRules Everything { get; } = new(allowsEverything: true, []);

    /// <summary>Every channel and every pattern is allowed.</summary>
    public bool AllowsEverything => allowsEverything;

    /// <summary>Patterns of channels.</summary>
    public ReadOnlySpan<byte[]> Patterns => patterns;

    /// <summary>True when a channel may be used, or a pattern be subscribed to: for that it has to be one of the rules itself.</summary>
    public bool Allow(ReadOnlySpan<byte> channel, bool isPattern)
    {
        if (allowsEverything) return true;
        foreach (var pattern in patterns)
            if (isPattern ? channel.SequenceEqual(pattern) : GlobPattern.Matches(pattern, channel)) return true;
        return false;
    }

    /// <summary>The patterns as rules; those of GETUSER, which do not tell where to begin.</summary>
    public IEnumerable<string> Tell() => allowsEverything ? ["&*"] : patterns.Select(pattern => "&" + RuleText.Of(pattern));
}
