namespace Starling.Node.Replication;

/// <summary>How many synchronisations replicas asked for, for INFO.</summary>
internal sealed class ReplicationCounters
{
    private long _full;
    private long _partialAccepted;
    private long _partialRefused;

    /// <summary>sync_full.</summary>
    public long Full => Interlocked.Read(ref _full);

    /// <summary>sync_partial_ok.</summary>
    public long PartialAccepted => Interlocked.Read(ref _partialAccepted);

    /// <summary>sync_partial_err.</summary>
    public long PartialRefused => Interlocked.Read(ref _partialRefused);

    /// <summary>A full synchronisation was granted.</summary>
    public void CountFull() => Interlocked.Increment(ref _full);

    /// <summary>A partial one was granted.</summary>
    public void CountPartialAccepted() => Interlocked.Increment(ref _partialAccepted);

    /// <summary>A partial one was refused.</summary>
    public void CountPartialRefused() => Interlocked.Increment(ref _partialRefused);

    /// <summary>CONFIG RESETSTAT.</summary>
    public void Reset()
    {
        Interlocked.Exchange(ref _full, 0);
        Interlocked.Exchange(ref _partialAccepted, 0);
        Interlocked.Exchange(ref _partialRefused, 0);
    }
}
