using System.Buffers;

namespace Starling.Node.Acl;

/// <summary>Applies the rules of a user one after another.</summary>
internal sealed class UserRightsBuilder
{
    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    private readonly CommandCatalog _catalog;
    private readonly bool _allowsChannels;
    private readonly List<string> _passwords = [];
    private readonly HashSet<string> _knownPasswords = new(StringComparer.Ordinal);
    private readonly List<Selector> _others = [];
    private SelectorBuilder _root;
    private bool _isOn;
    private bool _hasNoPassword;
    private bool _skipsPayloadChecks;

    /// <summary>Goes on from the rights of a user.</summary>
    /// <param name="catalog">What rules can name.</param>
    /// <param name="allowsChannels">New selectors allow every channel (acl-pubsub-default).</param>
    /// <param name="before">The rights; null for a new user, who has none.</param>
    public UserRightsBuilder(CommandCatalog catalog, bool allowsChannels, UserRights? before)
    {
        _catalog = catalog;
        _allowsChannels = allowsChannels;
        if (before is null)
        {
            _root = new SelectorBuilder(catalog, allowsChannels);
            return;
        }

        (_isOn, _hasNoPassword, _skipsPayloadChecks) = (before.IsOn, before.HasNoPassword, before.SkipsPayloadChecks);
        foreach (var password in before.Passwords) AddPassword(password);
        _root = new SelectorBuilder(catalog, before.Selectors[0]);
        _others.AddRange(before.Selectors[1..]);
    }

    /// <summary>The rights as they are now.</summary>
    public UserRights Build() => new([_root.Build(), .. _others])
    {
        IsOn = _isOn,
        HasNoPassword = _hasNoPassword,
        SkipsPayloadChecks = _skipsPayloadChecks,
        Passwords = [.. _passwords],
    };

    /// <summary>Applies a rule; a selector is one.</summary>
    /// <returns>Why it is none; null when it is applied.</returns>
    public string? Apply(ReadOnlySpan<byte> rule)
    {
        if (rule.IsEmpty || TryApplyWord(rule)) return null;
        return rule[0] switch
        {
            (byte)'>' or (byte)'#' or (byte)'<' or (byte)'!' => ApplyPassword(rule),
            (byte)'(' when rule[^1] == ')' && rule.Length > 1 => ApplySelector(rule),
            _ => _root.Apply(rule),
        };
    }

    private bool TryApplyWord(ReadOnlySpan<byte> rule)
    {
        if (RuleText.Is(rule, "on"u8)) _isOn = true;
        else if (RuleText.Is(rule, "off"u8)) _isOn = false;
        else if (RuleText.Is(rule, "nopass"u8)) ResetPasswords(hasNoPassword: true);
        else if (RuleText.Is(rule, "resetpass"u8)) ResetPasswords(hasNoPassword: false);
        else if (RuleText.Is(rule, "sanitize-payload"u8)) _skipsPayloadChecks = false;
        else if (RuleText.Is(rule, "skip-sanitize-payload"u8)) _skipsPayloadChecks = true;
        else if (RuleText.Is(rule, "clearselectors"u8)) _others.Clear();
        else if (RuleText.Is(rule, "reset"u8)) Reset();
        else return false;
        return true;
    }

    private void Reset()
    {
        ResetPasswords(hasNoPassword: false);
        (_isOn, _skipsPayloadChecks) = (false, false);
        _others.Clear();
        _root = new SelectorBuilder(_catalog, _allowsChannels);
    }

    private void ResetPasswords(bool hasNoPassword)
    {
        _passwords.Clear();
        _knownPasswords.Clear();
        _hasNoPassword = hasNoPassword;
    }

    private string? ApplyPassword(ReadOnlySpan<byte> rule)
    {
        var given = rule[1..];
        var isHash = rule[0] is (byte)'#' or (byte)'!';
        if (isHash && (given.Length != PasswordHash.Length || given.ContainsAnyExcept(HexDigits))) return AclRuleErrors.NotAHash;
        var hash = isHash ? RuleText.Of(given) : PasswordHash.Of(given);
        if (rule[0] is (byte)'>' or (byte)'#')
        {
            AddPassword(hash);
            _hasNoPassword = false;
            return null;
        }

        if (!_knownPasswords.Remove(hash)) return AclRuleErrors.NoSuchPassword;
        _passwords.Remove(hash);
        return null;
    }

    private void AddPassword(string hash)
    {
        if (_knownPasswords.Add(hash)) _passwords.Add(hash);
    }

    private string? ApplySelector(ReadOnlySpan<byte> rule)
    {
        if (RuleText.SplitSelector(rule) is not { } rules) return AclRuleErrors.Syntax;
        var selector = new SelectorBuilder(_catalog, _allowsChannels);
        foreach (var part in rules)
            if (selector.Apply(part) is { } reason) return reason;
        _others.Add(selector.Build());
        return null;
    }
}
