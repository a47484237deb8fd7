using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Cluster;

/// <summary>
/// Commands that the server itself executes, through the executor like any other. One thread at a time.
/// </summary>
internal sealed class InternalClient
{
    private readonly PseudoClient _client;
    private readonly ArgumentList _arguments = new();

    public InternalClient(NodeServer server) => _client = new PseudoClient(server, ClientOrigin.Internal);

    /// <summary>Empties every database.</summary>
    public void FlushAll()
    {
        var name = "FLUSHALL"u8;
        _arguments.Reset(name.ToArray());
        _arguments.Add(0, name.Length);
        _client.Execute(_arguments);
    }
}
