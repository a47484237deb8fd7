namespace Starling.Node.Replication;

/// <summary>
/// How far the transfer of a snapshot from the master is, for INFO. Written by the link's thread, read by any.
/// </summary>
internal sealed class TransferProgress
{
    private long _total;
    private long _read;
    private long _lastReadAt;

    /// <summary>Bytes to come in all; 0 when it is not known.</summary>
    public long Total => Volatile.Read(ref _total);

    /// <summary>Bytes that have come.</summary>
    public long Read => Volatile.Read(ref _read);

    /// <summary>Milliseconds of Unix time at which the last came.</summary>
    public long LastReadAt => Volatile.Read(ref _lastReadAt);

    /// <summary>A transfer begins.</summary>
    public void Begin(long total, long now)
    {
        Volatile.Write(ref _total, total);
        Volatile.Write(ref _read, 0);
        Volatile.Write(ref _lastReadAt, now);
    }

    /// <summary>Bytes came.</summary>
    public void Add(int count, long now)
    {
        Volatile.Write(ref _read, _read + count);
        Volatile.Write(ref _lastReadAt, now);
    }
}
