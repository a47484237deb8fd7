using Starling.Node.Execution;

namespace Starling.Node.Serving;

/// <summary>What the server knows of a client, apart from its socket.</summary>
public sealed class ClientSession
{
    private volatile bool _watchFailed;
    private KeyWaiter? _waiter;

    /// <summary>Makes a session.</summary>
    public ClientSession(long id, ClientOrigin origin)
    {
        Id = id;
        Origin = origin;
        if (origin == ClientOrigin.Master) Kind = ClientKind.Master;
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

    /// <summary>Replication offset after this client's last write.</summary>
    public long LastWriteOffset { get; set; }

    /// <summary>
    /// Replication offset after the client's last commands, whatever they did: it may have read what others wrote before.
    /// </summary>
    internal long SeenOffset { get; private set; }

    /// <summary>A command of it has run since <see cref="SeenOffset"/> was set.</summary>
    internal bool HasRun { get; set; }

    /// <summary>Its class.</summary>
    public ClientKind Kind { get; set; }

    /// <summary>The connection; null for the server's own and the master's commands.</summary>
    public ClientConnection? Connection { get; internal set; }

    /// <summary>The right password was given, or none was wanted when the client came.</summary>
    public bool IsAuthenticated { get; set; } = true;

    /// <summary>CLIENT SETNAME; empty for none.</summary>
    public string Name { get; set; } = "";

    /// <summary>CLIENT SETINFO lib-name.</summary>
    public string LibraryName { get; set; } = "";

    /// <summary>CLIENT SETINFO lib-ver.</summary>
    public string LibraryVersion { get; set; } = "";

    /// <summary>CLIENT NO-TOUCH: reads leave the access clock alone.</summary>
    public bool NoTouch { get; set; }

    /// <summary>CLIENT NO-EVICT.</summary>
    public bool NoEvict { get; set; }

    /// <summary>CLIENT REPLY.</summary>
    public ReplyMode ReplyMode { get; set; }

    /// <summary>
    /// While a command runs, the length of the reply from which on what it writes is dropped, or
    /// <see cref="NotMuted"/>. CLIENT REPLY ON and OFF and RESET change it in the middle of a command: a transaction is
    /// answered up to OFF, and from ON on.
    /// </summary>
    internal long MutedFrom { get; set; } = NotMuted;

    /// <summary>Everything is answered.</summary>
    internal const long NotMuted = -1;

    /// <summary>Nothing more is read from this client; it is closed when its replies are sent.</summary>
    public bool CloseAfterReply { get; set; }

    /// <summary>Time of the connection, in milliseconds of Unix time.</summary>
    public long CreatedAt { get; internal set; }

    /// <summary>Time of the last bytes from the client, in milliseconds of Unix time.</summary>
    public long LastInteraction { get; internal set; }

    /// <summary>The last command, for CLIENT LIST.</summary>
    public Command? LastCommand { get; internal set; }

    /// <summary>The commands queued since MULTI; null outside a transaction.</summary>
    internal Transaction? Transaction { get; set; }

    /// <summary>The keys of WATCH.</summary>
    internal List<WatchedKey> WatchedKeys { get; } = [];

    /// <summary>A watched key changed: EXEC will fail. Set by any thread.</summary>
    internal bool WatchFailed
    {
        get => _watchFailed;
        set => _watchFailed = value;
    }

    /// <summary>The client's wait for a key, or null. Written by the client's thread, read by any.</summary>
    internal KeyWaiter? Waiter
    {
        get => Volatile.Read(ref _waiter);
        set => Volatile.Write(ref _waiter, value);
    }

    /// <summary>
    /// Its place among those who wait for keys, from when its blocking command was first held back; 0 when it was not.
    /// </summary>
    internal long PlaceInLine { get; set; }

    /// <summary>How often the command that runs has met with keys that were kept for others.</summary>
    internal int Encounters { get; set; }

    /// <summary>Why its command is held back, while it is.</summary>
    internal HoldReason HeldBy { get; set; }

    /// <summary>What the client waits for, or null.</summary>
    internal Suspension? Suspension { get; set; }

    /// <summary>
    /// Its last commands have run by a replication offset. Said before it can read their replies: what others write afterwards
    /// is none of its WAIT's.
    /// </summary>
    internal void NoteSeen(long offset) => (SeenOffset, HasRun) = (offset, false);

    /// <summary>What REPLCONF said of it, and how its synchronisation is going; null for who is no replica.</summary>
    internal Replication.ReplicaLink? Replica { get; set; }
}
