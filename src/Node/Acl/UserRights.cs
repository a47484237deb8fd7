using Starling.Resp;

namespace Starling.Node.Acl;

/// <summary>Who may log in as a user, and what the user may do: a snapshot, replaced as a whole when something changes.</summary>
internal sealed class UserRights
{
    private readonly Selector[] _selectors;

    /// <summary>Makes the rights of a user.</summary>
    /// <param name="selectors">What the user may do, the selector that SETUSER changes first.</param>
    public UserRights(Selector[] selectors)
    {
        _selectors = selectors;
        IsUnrestricted = Array.Exists(selectors, selector => selector.AllowsEverything);
    }

    /// <summary>No rights at all.</summary>
    public static UserRights Nothing { get; } = new([]);

    /// <summary>Every right, for who is no user.</summary>
    public static UserRights Everything { get; } = new([]) { IsUnrestricted = true };

    /// <summary>The user may do everything.</summary>
    public bool IsUnrestricted { get; private init; }

    /// <summary>One can log in as the user.</summary>
    public bool IsOn { get; init; }

    /// <summary>Every password is right.</summary>
    public bool HasNoPassword { get; init; }

    /// <summary>Payloads of RESTORE need not be checked. They are all the same.</summary>
    public bool SkipsPayloadChecks { get; init; }

    /// <summary>Hashes of the passwords that are right, in the order in which they came.</summary>
    public string[] Passwords { get; init; } = [];

    /// <summary>What the user may do: what one of them allows.</summary>
    public ReadOnlySpan<Selector> Selectors => _selectors;

    /// <summary>The words of the flags, as GETUSER tells them.</summary>
    public IEnumerable<string> Flags
    {
        get
        {
            yield return IsOn ? "on" : "off";
            if (HasNoPassword) yield return "nopass";
            yield return SkipsPayloadChecks ? "skip-sanitize-payload" : "sanitize-payload";
        }
    }

    /// <summary>Judges a call.</summary>
    public AclVerdict Judge(CommandRow command, ArgumentList arguments)
    {
        if (IsUnrestricted) return AclVerdict.Allowed;
        var worst = new AclVerdict(AclDenial.Command, 0);
        foreach (var selector in _selectors)
        {
            var verdict = selector.Judge(command, arguments);
            if (verdict == AclVerdict.Allowed) return verdict;
            worst = AclVerdict.Furthest(worst, verdict);
        }

        return worst;
    }

    /// <summary>
    /// True when a call is allowed by a selector that also allows it any other key to read: what SORT's BY and GET lead to.
    /// </summary>
    public bool AllowReadingAll(CommandRow command, ArgumentList arguments)
    {
        if (IsUnrestricted) return true;
        foreach (var selector in _selectors)
            if (selector.Keys.AllowAll(KeyAccess.Read) && selector.Judge(command, arguments) == AclVerdict.Allowed) return true;
        return false;
    }

    /// <summary>True when some selector allows a channel, or a pattern to be subscribed to.</summary>
    public bool AllowChannel(ReadOnlySpan<byte> channel, bool isPattern)
    {
        if (IsUnrestricted) return true;
        foreach (var selector in _selectors)
            if (selector.Channels.Allow(channel, isPattern)) return true;
        return false;
    }

    /// <summary>The rules that make these rights, from those of a new user on; a character a byte.</summary>
    /// <param name="isExact">They are to be read again: rules within parentheses are quoted where they have to be.</param>
    public IEnumerable<string> Rules(bool isExact)
    {
        foreach (var flag in Flags) yield return flag;
        foreach (var password in Passwords) yield return "#" + password;
        foreach (var rule in _selectors[0].Tell(isExact)) yield return rule;
        foreach (var selector in _selectors.Skip(1))
        {
            var rules = selector.Tell(isExact);
            yield return "(" + string.Join(' ', isExact ? rules.Select(RuleText.Quote) : rules) + ")";
        }
    }

    /// <summary>As <see cref="Rules"/>, in one text.</summary>
    public string Tell(bool isExact) => string.Join(' ', Rules(isExact));
}
