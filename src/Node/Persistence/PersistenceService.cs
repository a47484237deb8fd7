namespace Starling.Node.Persistence;

/// <summary>RDB files and streams: SAVE, BGSAVE, save points, loading, and the snapshots that full synchronisation sends.</summary>
public sealed class PersistenceService
{
    /// <summary>Makes the service.</summary>
    public PersistenceService(NodeServer server) => Server = server;

    private NodeServer Server { get; }

    /// <summary>True while a data set is being loaded: the gate answers LOADING.</summary>
    public bool IsLoading => false;

    /// <summary>True when the last background save failed and stop-writes-on-bgsave-error holds: the gate answers MISCONF.</summary>
    public bool RefusesWrites => false;

    /// <summary>Counts changes since the last save, for save points. Any thread.</summary>
    public void CountChanges(long changes) => throw new NotSupportedException($"{Server} {changes}");
}
