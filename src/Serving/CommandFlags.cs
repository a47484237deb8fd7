namespace Starling.Serving;

/// <summary>What the gate and COMMAND INFO know of a command; the names are those of Redis's command flags.</summary>
[Flags]
public enum CommandFlags
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>May change the data set.</summary>
    Write = 1 << 0,

    /// <summary>Reads keys, never changes them.</summary>
    ReadOnly = 1 << 1,

    /// <summary>Refused when memory is short.</summary>
    DenyOom = 1 << 2,

    /// <summary>An administrator's command.</summary>
    Admin = 1 << 3,

    /// <summary>A publish or subscribe command.</summary>
    PubSub = 1 << 4,

    /// <summary>Not allowed in scripts.</summary>
    NoScript = 1 << 5,

    /// <summary>May block the client.</summary>
    Blocking = 1 << 6,

    /// <summary>Allowed while the data set is being loaded.</summary>
    Loading = 1 << 7,

    /// <summary>Allowed on a replica with stale data.</summary>
    Stale = 1 << 8,

    /// <summary>Not shown to MONITOR.</summary>
    SkipMonitor = 1 << 9,

    /// <summary>Not recorded in the slow log.</summary>
    SkipSlowLog = 1 << 10,

    /// <summary>Implies ASKING.</summary>
    Asking = 1 << 11,

    /// <summary>Constant or logarithmic time.</summary>
    Fast = 1 << 12,

    /// <summary>Allowed before AUTH.</summary>
    NoAuth = 1 << 13,

    /// <summary>Replicated although it may not change data.</summary>
    MayReplicate = 1 << 14,

    /// <summary>Key positions depend on the arguments; COMMAND GETKEYS needs the command's own finder.</summary>
    MovableKeys = 1 << 15,

    /// <summary>Not allowed in MULTI.</summary>
    NoMulti = 1 << 16,

    /// <summary>Allowed while a command or script runs too long.</summary>
    AllowBusy = 1 << 17,

    /// <summary>Refused while a replica loads a snapshot beside the data set that it still serves.</summary>
    NoAsyncLoading = 1 << 19,

    /// <summary>The keys named may be outside the cluster redirect (as for MIGRATE's missing keys).</summary>
    NoMandatoryKeys = 1 << 18,
}
