using Starling.Node.Execution;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>
/// A client without a connection: the master's stream on a replica, or the server itself. Its commands enter the
/// executor like any other; its origin decides which gates apply. One thread at a time.
/// </summary>
public sealed class PseudoClient
{
    private readonly NodeServer _server;

    /// <summary>Makes one.</summary>
    public PseudoClient(NodeServer server, ClientOrigin origin)
    {
        _server = server;
        Session = new NodeSession(server.Clients.NextId(), origin);
        Context = new CommandContext(server, Session, new RespWriter(server.Buffers));
    }

    /// <summary>Its session; the master's stream selects databases in it.</summary>
    public NodeSession Session { get; }

    /// <summary>The reply to the last command.</summary>
    public RespWriter Reply => Context.Reply;

    /// <summary>What the scopes of its commands ask and tell; for a master's stream.</summary>
    internal IStreamGuard? Guard
    {
        get => Context.Guard;
        set => Context.Guard = value;
    }

    private CommandContext Context { get; }

    /// <summary>
    /// Executes one command, MULTI and EXEC included. Drops the reply to the one before. Effects of origin
    /// <see cref="ClientOrigin.Master"/> are not appended to the log: the link appends the master's stream as it came.
    /// </summary>
    public void Execute(ArgumentList arguments)
    {
        Reply.Clear();
        Context.Arguments = arguments;
        Context.Now = _server.NowMilliseconds;
        Context.Stats = _server.Stats.Own;
        _server.Executor.Execute(Context);
        Context.Timer.End();
    }
}
