using Starling.Slots;

namespace Starling.Node.Acl;

/// <summary>Applies rules about keys one after another.</summary>
internal sealed class KeyRulesBuilder
{
    private readonly List<(byte[] Pattern, KeyAccess Access)> _patterns = [];
    private readonly Dictionary<byte[], int> _places = new(ByteStringComparer.Instance);
    private bool _allowsEverything;

    /// <summary>Goes on from rules that are there.</summary>
    public KeyRulesBuilder(KeyRules before)
    {
        _allowsEverything = before.AllowsEverything;
        foreach (var (pattern, access) in before.Patterns) Add(pattern, access);
    }

    /// <summary>The rules as they are now.</summary>
    public KeyRules Build()
    {
        if (_allowsEverything) return KeyRules.Everything;
        return _patterns.Count == 0 ? KeyRules.Nothing : new KeyRules(allowsEverything: false, [.. _patterns]);
    }

    /// <summary>Allows every key, or none.</summary>
    public void Reset(bool allowsEverything)
    {
        _patterns.Clear();
        _places.Clear();
        _allowsEverything = allowsEverything;
    }

    /// <summary>Applies a pattern, with what may be done with keys before it.</summary>
    /// <returns>Why it is none; null when it is applied.</returns>
    public string? Apply(ReadOnlySpan<byte> rule)
    {
        if (_allowsEverything) return AclRuleErrors.PatternAfterAllKeys;
        var access = KeyAccess.ReadWrite;
        var at = 1;
        if (rule[0] == '%' && !TryAccess(rule, ref at, out access)) return AclRuleErrors.Syntax;
        var pattern = rule[at..];
        if (RuleText.HasSpace(pattern)) return AclRuleErrors.Syntax;
        Add(pattern.ToArray(), access);
        return null;
    }

    /// <summary>Letters up to a tilde. As in Redis, a rule that ends before one has an empty pattern.</summary>
    private static bool TryAccess(ReadOnlySpan<byte> rule, ref int at, out KeyAccess access)
    {
        access = KeyAccess.None;
        while (at < rule.Length)
        {
            var next = rule[at++];
            if (next == '~') break;
            var letter = next switch
            {
                (byte)'r' or (byte)'R' => KeyAccess.Read,
                (byte)'w' or (byte)'W' => KeyAccess.Write,
                _ => KeyAccess.None,
            };
            if (letter == KeyAccess.None || (access & letter) != 0) return false;
            access |= letter;
        }

        return access != KeyAccess.None;
    }

    private void Add(byte[] pattern, KeyAccess access)
    {
        if (_places.TryGetValue(pattern, out var place))
        {
            _patterns[place] = (pattern, _patterns[place].Access | access);
            return;
        }

        _places[pattern] = _patterns.Count;
        _patterns.Add((pattern, access));
    }
}
