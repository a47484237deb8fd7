using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Config;
using Starling.Node.Serving;

namespace Starling.Node.Tests;

/// <summary>
/// A server in this process, on a port of the loopback interface that the system picks. Disposing it stops it.
/// </summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly List<TestClient> _clients = [];

    private TestServer(NodeServer server) => Node = server;

    public NodeServer Node { get; }

    public int Port => Node.Listener.Port;

    /// <summary>Starts a server.</summary>
    /// <param name="configure">Changes the configuration; the data directory is a fresh temporary one.</param>
    /// <param name="clock">The clock; the system's by default.</param>
    /// <param name="loggers">Gets the log; nobody by default.</param>
    /// <param name="prepare">Adds to the server before it starts (periodic work, INFO sections).</param>
    /// <param name="commands">Commands beyond the server's own.</param>
    public static TestServer Start(
        Action<ServerConfig>? configure = null,
        TimeProvider? clock = null,
        ILoggerFactory? loggers = null,
        Action<NodeServer>? prepare = null,
        IReadOnlyList<Command>? commands = null)
    {
        var config = new ServerConfig { Bind = ["127.0.0.1"], Dir = Directory.CreateTempSubdirectory("starling-test-").FullName };
        configure?.Invoke(config);
        var node = new NodeServer(config, loggers ?? NullLoggerFactory.Instance, clock ?? TimeProvider.System, commands);
        prepare?.Invoke(node);
        node.Start(ephemeralPort: true);
        return new TestServer(node);
    }

    /// <summary>Connects a client; it is closed with the server.</summary>
    public async Task<TestClient> ConnectAsync()
    {
        var client = await TestClient.ConnectAsync(Port);
        lock (_clients) _clients.Add(client);
        return client;
    }

    public ValueTask DisposeAsync()
    {
        lock (_clients) foreach (var client in _clients) client.Dispose();
        Node.Stop();
        Directory.Delete(Node.Config.Dir, recursive: true);
        return ValueTask.CompletedTask;
    }
}
