using Starling.Resp;

namespace Starling.Serving;

/// <summary>
/// What is known of a client whoever serves it: who it is, how it is answered, what it waits for. The host adds what its
/// commands need.
/// </summary>
public abstract class ClientSession
{
    /// <summary>Everything is answered.</summary>
    internal const long NotMuted = -1;

    /// <summary>Makes a session.</summary>
    /// <param name="id">See <see cref="Id"/>.</param>
    /// <param name="origin">See <see cref="Origin"/>.</param>
    protected ClientSession(long id, ClientOrigin origin)
    {
        Id = id;
        Origin = origin;
        if (origin == ClientOrigin.Master) Kind = ClientKind.Master;
    }

    /// <summary>The number that CLIENT ID answers; never used twice.</summary>
    public long Id { get; }

    /// <summary>Whom its commands come from.</summary>
    public ClientOrigin Origin { get; }

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

    /// <summary>CLIENT NO-EVICT.</summary>
    public bool NoEvict { get; set; }

    /// <summary>CLIENT REPLY.</summary>
    public ReplyMode ReplyMode { get; set; }

    /// <summary>Nothing more is read from this client; it is closed when its replies are sent.</summary>
    public bool CloseAfterReply { get; set; }

    /// <summary>Time of the connection, in milliseconds of Unix time.</summary>
    public long CreatedAt { get; internal set; }

    /// <summary>Time of the last bytes from the client, in milliseconds of Unix time.</summary>
    public long LastInteraction { get; internal set; }

    /// <summary>The last command, for CLIENT LIST.</summary>
    public CommandRow? LastCommand { get; internal set; }

    /// <summary>
    /// While a command runs, the length of the reply from which on what it writes is dropped, or
    /// <see cref="NotMuted"/>. CLIENT REPLY ON and OFF and RESET change it in the middle of a command: a transaction is
    /// answered up to OFF, and from ON on.
    /// </summary>
    internal long MutedFrom { get; set; } = NotMuted;

    /// <summary>What the client waits for, or null.</summary>
    internal Suspension? Suspension { get; set; }

    /// <summary>The command that the client waits for is not to be answered.</summary>
    internal bool MutesSuspended { get; set; }

    /// <summary>A command is about to run: from here on nothing of its reply is kept that CLIENT REPLY does not want.</summary>
    /// <returns>For <see cref="EndReply"/>.</returns>
    internal ReplyMode BeginReply(RespWriter reply)
    {
        var mode = ReplyMode;
        if (mode != ReplyMode.On) MutedFrom = reply.Length;

        // So that CLIENT REPLY SKIP can ask for the next one.
        if (mode == ReplyMode.SkipNext) ReplyMode = ReplyMode.On;
        return mode;
    }

    /// <summary>A command has run, or will have to come again.</summary>
    /// <param name="reply">The replies.</param>
    /// <param name="mode">What <see cref="BeginReply"/> returned.</param>
    /// <param name="outcome">What became of the command.</param>
    internal void EndReply(RespWriter reply, ReplyMode mode, DispatchOutcome outcome)
    {
        if (outcome is DispatchOutcome.Held or DispatchOutcome.Blocked) ReplyMode = mode;
        if (MutedFrom >= 0) DropMuted(reply);
    }

    /// <summary>Drops what a command wrote that is not to be answered, or what it will have to say later.</summary>
    private void DropMuted(RespWriter reply)
    {
        if (reply.Length > MutedFrom) reply.Truncate(MutedFrom);
        MutedFrom = NotMuted;
        MutesSuspended = Suspension is not null;
    }
}
