using System.Globalization;
using System.Net.Sockets;

namespace Starling.Tests.Support;

/// <summary>
/// A small cluster client: follows MOVED and ASK, asks another node when a connection breaks, and waits out
/// CLUSTERDOWN. For one thread.
/// </summary>
public sealed class ClusterClient(IEnumerable<int> ports, TimeSpan patience) : IDisposable
{
    private readonly List<int> _ports = [.. ports];
    private readonly Dictionary<int, RespConnection> _connections = [];
    private readonly Dictionary<int, int> _portOfSlot = [];

    /// <summary>Redirects followed so far.</summary>
    public int Redirects { get; private set; }

    /// <summary>
    /// Sends a command about one key until a node executes it; a reply other than a redirect, CLUSTERDOWN, TRYAGAIN,
    /// LOADING or MASTERDOWN is
    /// returned, an error too.
    /// </summary>
    /// <param name="onRetry">Called when an attempt may or may not have been executed (the connection broke).</param>
    /// <param name="slot">The key's slot, or any number that is the same for keys of one slot.</param>
    /// <param name="arguments">The command.</param>
    public object? Call(Action? onRetry, int slot, params string[] arguments)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var port = _portOfSlot.TryGetValue(slot, out var known) ? known : _ports[0];
        var asking = false;
        for (var attempt = 0; ; attempt++)
        {
            if (watch.Elapsed > patience) throw new TimeoutException($"no node executed {arguments[0]} within {patience}");
            object? reply;
            try
            {
                var connection = Connection(port);
                if (asking) connection.Call("ASKING");
                reply = connection.Call(arguments);
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                Drop(port);
                onRetry?.Invoke();
                port = _ports[attempt % _ports.Count];
                asking = false;
                Thread.Sleep(20);
                continue;
            }

            asking = false;
            if (reply is not RespError error)
            {
                _portOfSlot[slot] = port;
                return reply;
            }

            var words = error.Text.Split(' ');
            switch (words[0])
            {
                case "MOVED" or "ASK":
                    Redirects++;
                    asking = words[0] == "ASK";
                    port = int.Parse(words[2][(words[2].LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture);
                    break;
                case "CLUSTERDOWN" or "TRYAGAIN" or "LOADING" or "MASTERDOWN":
                    Thread.Sleep(20);
                    port = _ports[attempt % _ports.Count];
                    break;
                default:
                    return reply;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var connection in _connections.Values) connection.Dispose();
    }

    private RespConnection Connection(int port)
    {
        if (!_connections.TryGetValue(port, out var connection))
        {
            // A killed node refuses at once; a paused one answers nothing, so this is how long it is waited for.
            connection = _connections[port] = new RespConnection(port, timeoutMilliseconds: 1000);
        }

        return connection;
    }

    private void Drop(int port)
    {
        if (_connections.Remove(port, out var connection)) connection.Dispose();
    }
}
