namespace Starling.Node.Acl;

/// <summary>Where a command stood that was refused: the context that ACL LOG tells.</summary>
internal enum AclPlace
{
    /// <summary>By itself.</summary>
    TopLevel,

    /// <summary>Between MULTI and EXEC, or in EXEC itself.</summary>
    Transaction,

    /// <summary>In a script.</summary>
    Script,
}
