namespace Starling.Node.Execution;

/// <summary>Where a client's wait for a key stands, and how it ended.</summary>
internal enum WaitEnd
{
    /// <summary>It waits.</summary>
    Waiting,

    /// <summary>One of its keys is ready and kept for it: its command runs again.</summary>
    Woken,

    /// <summary>Its time was up.</summary>
    TimedOut,

    /// <summary>CLIENT UNBLOCK with ERROR.</summary>
    Unblocked,

    /// <summary>The node became a replica.</summary>
    RoleChanged,
}
