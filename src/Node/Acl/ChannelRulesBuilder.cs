using Starling.Slots;

namespace Starling.Node.Acl;

/// <summary>Applies rules about channels one after another.</summary>
internal sealed class ChannelRulesBuilder
{
    private readonly List<byte[]> _patterns = [];
    private readonly HashSet<byte[]> _known = new(ByteStringComparer.Instance);
    private bool _allowsEverything;

    /// <summary>Goes on from rules that are there.</summary>
    public ChannelRulesBuilder(ChannelRules before)
    {
        _allowsEverything = before.AllowsEverything;
        foreach (var pattern in before.Patterns) Add(pattern);
    }

    /// <summary>The rules as they are now.</summary>
    public ChannelRules Build()
    {
        if (_allowsEverything) return ChannelRules.Everything;
        return _patterns.Count == 0 ? ChannelRules.Nothing : new ChannelRules(allowsEverything: false, [.. _patterns]);
    }

    /// <summary>Allows every channel, or none.</summary>
    public void Reset(bool allowsEverything)
    {
        _patterns.Clear();
        _known.Clear();
        _allowsEverything = allowsEverything;
    }

    /// <summary>Applies a pattern behind its sign.</summary>
    /// <returns>Why it is none; null when it is applied.</returns>
    public string? Apply(ReadOnlySpan<byte> rule)
    {
        if (_allowsEverything) return AclRuleErrors.PatternAfterAllChannels;
        var pattern = rule[1..];
        if (RuleText.HasSpace(pattern)) return AclRuleErrors.Syntax;
        Add(pattern.ToArray());
        return null;
    }

    private void Add(byte[] pattern)
    {
        if (_known.Add(pattern)) _patterns.Add(pattern);
    }
}
