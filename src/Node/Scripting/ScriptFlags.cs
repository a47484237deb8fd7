namespace Starling.Node.Scripting;

/// <summary>What the first line of a script says of it.</summary>
[Flags]
internal enum ScriptFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It writes nothing.</summary>
    NoWrites = 1,

    /// <summary>It may run when memory is short.</summary>
    AllowOom = 2,

    /// <summary>It may run on a replica with stale data.</summary>
    AllowStale = 4,

    /// <summary>It must not run in a cluster.</summary>
    NoCluster = 8,

    /// <summary>In a cluster it may touch keys of several slots.</summary>
    AllowCrossSlotKeys = 16,
}
