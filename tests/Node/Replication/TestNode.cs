using System.Globalization;

namespace Starling.Node.Tests.Replication;

/// <summary>A server of either kind, started for one test on a port of its own, with a directory of its own.</summary>
internal abstract class TestNode : IDisposable
{
    private static int _nextPort = 21500 + (Environment.ProcessId % 5 * 20);
    private readonly Lazy<SyncClient> _client;
    private bool _isDisposed;

    protected TestNode(string? directory)
    {
        Directory = directory ?? System.IO.Directory.CreateTempSubdirectory("starling-replication-").FullName;
        _client = new Lazy<SyncClient>(() => new SyncClient(Port));
    }

    public int Port { get; protected init; } = TakePort();

    public string Directory { get; }

    public SyncClient Client => _client.Value;

    /// <summary>What the server has logged.</summary>
    public abstract string Log { get; }

    public static TestNode Start(bool isRedis, params string[] directives) =>
        isRedis ? new RedisNode(directives) : new StarlingNode(directives);

    public string? Text(params ReadOnlySpan<string> arguments) => Client.Text(arguments);

    /// <summary>
    /// The offset, asked for over another connection than <see cref="Client"/>, which may be waiting.
    /// </summary>
    public long OffsetByAnotherClient()
    {
        using var client = new SyncClient(Port);
        return long.Parse(client.Info("replication")["master_repl_offset"], CultureInfo.InvariantCulture);
    }

    public void ReplicaOf(TestNode master) =>
        Assert.Equal("OK", Text("REPLICAOF", "127.0.0.1", master.Port.ToString(CultureInfo.InvariantCulture)));

    public void WaitForLink() => SyncClient.WaitFor(
        () => Client.Info("replication").GetValueOrDefault("master_link_status") == "up",
        () => Text("INFO", "replication") + Log);

    /// <summary>Waits until this replica has applied everything that the master has.</summary>
    public void WaitForOffsetOf(TestNode master) => SyncClient.WaitFor(
        () => Client.Info("replication").GetValueOrDefault("slave_repl_offset")
            == master.Client.Info("replication")["master_repl_offset"],
        () => $"master {master.Text("INFO", "replication")}{Environment.NewLine}replica {Text("INFO", "replication")}{Log}");

    public void WaitForLog(string text) => SyncClient.WaitFor(() => Log.Contains(text, StringComparison.Ordinal), () => text + " in " + Log);

    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        if (_client.IsValueCreated) _client.Value.Dispose();
        Stop();
        if (!KeepsDirectory) System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>Leaves the directory to a successor.</summary>
    protected bool KeepsDirectory { get; set; }

    protected abstract void Stop();

    private static int TakePort()
    {
        while (true)
        {
            var port = 21500 + (Interlocked.Increment(ref _nextPort) % 100);
            try
            {
                using var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (System.Net.Sockets.SocketException)
            {
                // In use: the next one.
            }
        }
    }
}
