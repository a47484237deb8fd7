namespace Starling.Tests.Support;

/// <summary>Which server a process is.</summary>
public enum ServerKind
{
    /// <summary>The starling executable that was built.</summary>
    Starling,

    /// <summary>The redis-server of the system.</summary>
    Redis,
}
