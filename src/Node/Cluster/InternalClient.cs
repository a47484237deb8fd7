using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Cluster;

/// <summary>
/// Commands that the server itself executes, through the dispatcher like any other. One thread at a time.
/// </summary>
internal sealed class InternalClient
{
    private readonly PseudoClient _client;
    private readonly ArgumentList _arguments = new();

    public InternalClient(NodeServer server) => _client = new PseudoClient(server, ClientOrigin.Internal);

    /// <summary>Deletes keys of a database; the replicas are told.</summary>
    public void Delete(int database, IReadOnlyList<byte[]> keys)
    {
        if (keys.Count == 0) return;
        _client.Session.DatabaseIndex = database;
        Execute("DEL"u8, keys);
    }

    /// <summary>Empties every database.</summary>
    public void FlushAll() => Execute("FLUSHALL"u8, []);

    private void Execute(ReadOnlySpan<byte> name, IReadOnlyList<byte[]> arguments)
    {
        var total = name.Length;
        foreach (var argument in arguments) total += argument.Length;
        var buffer = new byte[total];
        name.CopyTo(buffer);
        _arguments.Reset(buffer);
        _arguments.Add(0, name.Length);
        var offset = name.Length;
        foreach (var argument in arguments)
        {
            argument.CopyTo(buffer, offset);
            _arguments.Add(offset, argument.Length);
            offset += argument.Length;
        }

        _client.Execute(_arguments);
    }
}
