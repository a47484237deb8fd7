using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Cluster;

/// <summary>
/// Commands that the server itself executes, through the executor like any other. One thread at a time.
/// </summary>
internal sealed class InternalClient
{
    private readonly Executor _executor;
    private readonly ArgumentList _arguments = new();
    private PseudoClient? _client; // once it is wanted: the node is whole then

    public InternalClient(Executor executor) => _executor = executor;

    /// <summary>Empties every database.</summary>
    public void FlushAll()
    {
        var name = "FLUSHALL"u8;
        _arguments.Reset(name.ToArray());
        _arguments.Add(0, name.Length);
        _client ??= _executor.NewClient(ClientOrigin.Internal);
        _client.Execute(_arguments);
    }
}
