using Starling.Node.Acl;
using Starling.Node.Execution;
using Starling.Node.PubSub;
using Starling.Node.Replication;
using Starling.Node.Tracking;

namespace Starling.Node.Serving;

/// <summary>What the node knows of a client beyond how it is served: what its commands have asked for and done.</summary>
public sealed class NodeSession(long id, ClientOrigin origin) : ClientSession(id, origin)
{
    private volatile bool _watchFailed;
    private volatile SeenContent[] _seenContents = [];
    private KeyWaiter? _waiter;
    private Subscriber? _subscriber;
    private AclUser _identity = AclUser.Nobody;
    private CommandMonitor? _monitor;
    private FailedLogIns _failedLogIns;
    private TrackedClient? _tracking;

    /// <summary>
    /// Whom it has logged in as: <see cref="AclUser.Stranger"/> before that. Written by the client's thread, read by any.
    /// </summary>
    internal AclUser Identity
    {
        get => Volatile.Read(ref _identity);
        private set => Volatile.Write(ref _identity, value);
    }

    /// <summary>How often it has failed to log in lately.</summary>
    internal ref FailedLogIns FailedLogIns => ref _failedLogIns;

    /// <summary>The rights by which its subscriptions were found to be allowed; null when they were never looked at.</summary>
    internal UserRights? RightsOfSubscriptions { get; set; }

    /// <summary>The selected database's index.</summary>
    public int DatabaseIndex { get; set; }

    /// <summary>READONLY was given: reads on a replica are answered in cluster mode.</summary>
    public bool ReadOnlyMode { get; set; }

    /// <summary>ASKING was given: the next command may touch an importing slot.</summary>
    public bool Asking { get; set; }

    /// <summary>CLIENT NO-TOUCH: reads leave the access clock alone.</summary>
    public bool NoTouch { get; set; }

    /// <summary>When the command that runs came there was no memory left, and nothing to evict.</summary>
    internal bool IsOutOfMemory { get; set; }

    /// <summary>Replication offset after this client's last write.</summary>
    public long LastWriteOffset { get; set; }

    /// <summary>
    /// Replication offset after the client's last commands, whatever they did: it may have read what others wrote before.
    /// </summary>
    internal long SeenOffset { get; private set; }

    /// <summary>A command of it has run since <see cref="SeenOffset"/> was set.</summary>
    internal bool HasRun { get; set; }

    /// <summary>The commands queued since MULTI; null outside a transaction.</summary>
    internal Transaction? Transaction { get; set; }

    /// <summary>The keys of WATCH.</summary>
    internal List<WatchedKey> WatchedKeys { get; } = [];

    /// <summary>A watched key changed: EXEC will fail. Set and read by any thread.</summary>
    internal bool WatchFailed
    {
        get => _watchFailed || Array.Exists(_seenContents, seen => seen.HasGone);
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

    /// <summary>
    /// The handler that ran last has done nothing that lasts and needs every stripe: it is to run again from the start, with them all.
    /// </summary>
    internal bool NeedsEverything { get; set; }

    /// <summary>What runs is a command that a script calls.</summary>
    internal bool IsInScript { get; set; }

    /// <summary>Replies that work which may block is to give.</summary>
    internal LateReplies LateReplies { get; } = new();

    /// <summary>It is shown every command; null for who is not. Written by the client's thread, read by any.</summary>
    internal CommandMonitor? Monitor
    {
        get => Volatile.Read(ref _monitor);
        set => Volatile.Write(ref _monitor, value);
    }

    /// <summary>Arguments of the command that ran last which nobody is to see.</summary>
    internal HiddenArguments Hidden { get; } = new();

    /// <summary>What REPLCONF said of it, and how its synchronisation is going; null for who is no replica.</summary>
    internal ReplicaLink? Replica { get; set; }

    /// <summary>What it is subscribed to; null when it has never subscribed. Written by the client's thread, read by any.</summary>
    internal Subscriber? Subscriber
    {
        get => Volatile.Read(ref _subscriber);
        set => Volatile.Write(ref _subscriber, value);
    }

    /// <summary>How it tracks; null when it does not. Written by the client's thread, read by any.</summary>
    internal TrackedClient? Tracking
    {
        get => Volatile.Read(ref _tracking);
        set => Volatile.Write(ref _tracking, value);
    }

    /// <summary>
    /// Keys that it has read and now changed itself, of which it is told behind the reply; null in the place of all keys. Null when there are
    /// none. The client's thread only.
    /// </summary>
    internal List<byte[]?>? OwnInvalidations { get; set; }

    /// <summary>It is a user from now on.</summary>
    internal void LogIn(AclUser user) => (Identity, IsAuthenticated) = (user, true);

    /// <summary>It is nobody known from now on.</summary>
    internal void LogOut() => (Identity, IsAuthenticated) = (AclUser.Stranger, false);

    /// <summary>The session of a connection.</summary>
    internal static NodeSession Of(ClientConnection connection) => (NodeSession)connection.Session;

    /// <summary>It watches a key that is there: once the database's content is replaced, EXEC will fail. Under the key's stripe.</summary>
    internal void NoteSeenContent(WatchedDatabase database)
    {
        var known = _seenContents;
        if (!Array.Exists(known, seen => seen.Database == database)) _seenContents = [.. known, new SeenContent(database, database.Contents)];
    }

    /// <summary>It watches nothing any more.</summary>
    internal void ForgetFailedWatches() => (_seenContents, _watchFailed) = ([], false);

    /// <summary>
    /// Its last commands have run by a replication offset. Said before it can read their replies: what others write afterwards
    /// is none of its WAIT's.
    /// </summary>
    internal void NoteSeen(long offset) => (SeenOffset, HasRun) = (offset, false);
}
