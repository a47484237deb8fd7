namespace Starling.Node.Acl;

/// <summary>Which keys a selector allows. Never changes.</summary>
/// <param name="allowsEverything">Every key, to read and to write.</param>
/// <param name="patterns">Patterns of keys, and what may be done with those that match.</param>
internal sealed class KeyRules(bool allowsEverything, (byte[] Pattern, KeyAccess Access)[] patterns)
{
    /// <summary>No key.</summary>
    public static KeyRules Nothing { get; } = new(allowsEverything: false, []);

    /// <summary>Every key.</summary>
    public static KeyRules Everything { get; } = new(allowsEverything: true, []);

    /// <summary>Every key is allowed, to read and to write.</summary>
    public bool AllowsEverything => allowsEverything;

    /// <summary>Patterns of keys, and what may be done with those that match.</summary>
    public ReadOnlySpan<(byte[] Pattern, KeyAccess Access)> Patterns => patterns;

    /// <summary>What a command does with a key, as far as permissions go.</summary>
    public static KeyAccess Needed(KeyFlag flags)
    {
        var needed = (flags & KeyFlag.Access) != 0 ? KeyAccess.Read : KeyAccess.None;
        const KeyFlag Writes = KeyFlag.Insert | KeyFlag.Update | KeyFlag.Delete;
        return (flags & Writes) != 0 ? needed | KeyAccess.Write : needed;
    }

    /// <summary>True when a key may be used: one pattern allows all of it.</summary>
    public bool Allow(ReadOnlySpan<byte> key, KeyAccess needed)
    {
        if (allowsEverything) return true;
        foreach (var (pattern, access) in patterns)
            if ((access & needed) == needed && GlobPattern.Matches(pattern, key)) return true;
        return false;
    }

    /// <summary>True when every key may be used.</summary>
    public bool AllowAll(KeyAccess needed)
    {
        if (allowsEverything) return true;
        foreach (var (pattern, access) in patterns)
            if ((access & needed) == needed && pattern is [(byte)'*']) return true;
        return false;
    }

    /// <summary>The rules that say so.</summary>
    /// <param name="isExact">
    /// They are to be read again: Redis tells a pattern that every key matches like the rule behind which there can be no pattern.
    /// </param>
    public IEnumerable<string> Tell(bool isExact)
    {
        if (allowsEverything) return ["~*"];
        return patterns.Select(rule => rule.Access switch
        {
            KeyAccess.Read => "%R~",
            KeyAccess.Write => "%W~",
            _ when isExact && rule.Pattern is [(byte)'*'] => "%RW~",
            _ => "~",
        } + RuleText.Of(rule.Pattern));
    }
}
