using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Cluster;

/// <summary>
/// Commands that the server itself executes, through the executor like any other. One thread at a time.
/// </summary>
internal sealed class InternalClient
{
    private readonly Executor _executor;
    private readonly PersistenceService _persistence;
    private readonly LoadGuard _guard;
    private readonly ArgumentList _arguments = new();
    private PseudoClient? _client; // once it is wanted: the node is whole then

    public InternalClient(Executor executor, PersistenceService persistence)
    {
        (_executor, _persistence) = (executor, persistence);
        _guard = new LoadGuard(persistence);
    }

    /// <summary>
    /// Empties every database, when no data set is being loaded, for which it waits. With no stripe held, not on an I/O
    /// thread.
    /// </summary>
    public void FlushAll()
    {
        var name = "FLUSHALL"u8;
        _client ??= NewClient();
        do
        {
            _persistence.WaitUntilLoaded();
            _arguments.Reset(name.ToArray());
            _arguments.Add(0, name.Length);
            _client.Execute(_arguments);
        }
        while (!_guard.IsAdmitted);
    }

    private PseudoClient NewClient()
    {
        var client = _executor.NewClient(ClientOrigin.Internal);
        client.Guard = _guard;
        return client;
    }

    /// <summary>Asked under the stripes: a load may have begun since nobody was loading.</summary>
    private sealed class LoadGuard(PersistenceService persistence) : IStreamGuard
    {
        public bool IsAdmitted { get; private set; }

        public bool Admit() => IsAdmitted = !persistence.IsTurnTaken;

        public void Append()
        {
            // The effects of the command have gone to the log by themselves.
        }
    }
}
