namespace Starling.Node;

/// <summary>How a server shuts down: the options of SHUTDOWN, shutdown-on-sigint and shutdown-on-sigterm.</summary>
[Flags]
public enum ShutdownFlags
{
    /// <summary>Waits for replicas, saves when save points are configured.</summary>
    None = 0,

    /// <summary>Saves even without save points.</summary>
    Save = 1 << 0,

    /// <summary>Does not save.</summary>
    NoSave = 1 << 1,

    /// <summary>Does not wait for lagging replicas.</summary>
    Now = 1 << 2,

    /// <summary>Exits although saving fails.</summary>
    Force = 1 << 3,
}
