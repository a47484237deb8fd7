using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Cluster;

/// <summary>
/// Commands that the server itself executes, through the executor like any other. One thread at a time.
/// </summary>
internal sealed class InternalClient
{
    private readonly NodeServer _server;
    private readonly PseudoClient _client;
    private readonly LoadGuard _guard;
    private readonly ArgumentList _arguments = new();

    public InternalClient(NodeServer server)
    {
        _server = server;
        _guard = new LoadGuard(server);
        _client = new PseudoClient(server, ClientOrigin.Internal) { Guard = _guard };
    }

    /// <summary>
    /// Empties every database, when no data set is being loaded, for which it waits. With no stripe held, not on an I/O
    /// thread.
    /// </summary>
    public void FlushAll()
    {
        var name = "FLUSHALL"u8;
        do
        {
            _server.Persistence.WaitUntilLoaded();
            _arguments.Reset(name.ToArray());
            _arguments.Add(0, name.Length);
            _client.Execute(_arguments);
        }
        while (!_guard.IsAdmitted);
    }

    /// <summary>Asked under the stripes: a load may have begun since nobody was loading.</summary>
    private sealed class LoadGuard(NodeServer server) : IStreamGuard
    {
        public bool IsAdmitted { get; private set; }

        public bool Admit() => IsAdmitted = !server.Persistence.IsTurnTaken;

        public void Append()
        {
            // The effects of the command have gone to the log by themselves.
        }
    }
}
