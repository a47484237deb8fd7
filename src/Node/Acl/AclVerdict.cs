namespace Starling.Node.Acl;

/// <summary>Whether a call is allowed.</summary>
/// <param name="Denial">Why it is not.</param>
/// <param name="Position">Position of the argument that is to blame; 0 for the command itself.</param>
internal readonly record struct AclVerdict(AclDenial Denial, int Position)
{
    /// <summary>It is.</summary>
    public static AclVerdict Allowed => default;

    /// <summary>Of two verdicts that forbid a call the one that says more: it came further.</summary>
    public static AclVerdict Furthest(AclVerdict one, AclVerdict other) =>
        (other.Denial, other.Position).CompareTo((one.Denial, one.Position)) > 0 ? other : one;
}
