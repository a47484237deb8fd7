namespace Starling.Node.Telemetry;

/// <summary>The values of loglevel, in ascending order.</summary>
internal enum LogThreshold
{
    /// <summary>Everything.</summary>
    Debug,

    /// <summary>Details, but less.</summary>
    Verbose,

    /// <summary>What one wants to know in production.</summary>
    Notice,

    /// <summary>Important lines only.</summary>
    Warning,

    /// <summary>No line at all.</summary>
    Nothing,
}
