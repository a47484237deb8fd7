namespace Starling.Node.Serving;

/// <summary>What the server knows of a client, apart from its socket.</summary>
public sealed class ClientSession
{
    /// <summary>Makes a session.</summary>
    public ClientSession(long id, ClientOrigin origin)
    {
        Id = id;
        Origin = origin;
    }

    /// <summary>The number that CLIENT ID answers; never used twice.</summary>
    public long Id { get; }

    /// <summary>Whom its commands come from.</summary>
    public ClientOrigin Origin { get; }

    /// <summary>The selected database's index.</summary>
    public int DatabaseIndex { get; set; }

    /// <summary>READONLY was given: reads on a replica are answered in cluster mode.</summary>
    public bool ReadOnlyMode { get; set; }

    /// <summary>ASKING was given: the next command may touch an importing slot.</summary>
    public bool Asking { get; set; }

    /// <summary>Replication offset after this client's last write; what WAIT waits for.</summary>
    public long LastWriteOffset { get; set; }
}
