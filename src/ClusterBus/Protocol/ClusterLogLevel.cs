namespace Starling.ClusterBus.Protocol;

/// <summary>Redis's log levels.</summary>
public enum ClusterLogLevel
{
    /// <summary>debug.</summary>
    Debug,

    /// <summary>verbose.</summary>
    Verbose,

    /// <summary>notice.</summary>
    Notice,

    /// <summary>warning.</summary>
    Warning,
}
