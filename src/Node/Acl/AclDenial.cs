namespace Starling.Node.Acl;

/// <summary>Why something was refused.</summary>
internal enum AclDenial
{
    /// <summary>It was not.</summary>
    None,

    /// <summary>The command may not be run.</summary>
    Command,

    /// <summary>A key may not be used.</summary>
    Key,

    /// <summary>A user name or password was wrong.</summary>
    Auth,

    /// <summary>A channel may not be used.</summary>
    Channel,
}
