using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Starling.ClusterBus.Host;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Tests.Support;

namespace Starling.ClusterBus.Tests.Host;

/// <summary>A node that is nothing but its bus: real sockets and files, no data.</summary>
internal sealed class TestNode : IClusterActions, IDisposable
{
    private readonly string _directory;
    private BusHost _host;
    private volatile ClusterView? _published;
    private volatile string? _failure;
    private (string Host, int Port)? _master; // written on the bus thread before it calls the machine again

    public TestNode(long nodeTimeout = 1000, string? directory = null, int port = 0, string announceIp = "")
    {
        _directory = directory ?? Directory.CreateTempSubdirectory("starling-bus-").FullName;
        Port = port != 0 ? port : Ports.Take();
        Options = new ClusterOptions
        {
            NodeTimeout = nodeTimeout,
            Port = Port,
            BusPort = Port + 10000,
            AnnounceIp = announceIp,
        };
        _host = Open();
        _host.Start(new SlotSet());
    }

    public int Port { get; }

    /// <summary>What the links' streams are made with from the next <see cref="Restart"/> on.</summary>
    public Func<IByteStream, bool, IByteStream> Layer { get; init; } = (stream, _) => stream;

    public ClusterOptions Options { get; }

    public BusHost Host => _host;

    public NodeId Id => View.Myself.Id;

    public ClusterView View => _host.Snapshot();

    public ClusterView? Published => _published;

    /// <summary>Every view that was published, in order.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<ClusterView> History { get; } = new();

    public string? Failure => _failure;

    /// <summary>What the machine made the server do, apart from publishing.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Actions { get; } = new();

    public long ReplicationOffset { get; set; } = 1;

    public string ConfigPath => Path.Combine(_directory, "nodes.conf");

    public LocalStatus Status() => new()
    {
        ReplicationOffset = ReplicationOffset,
        MasterDataAge = 0,
        Master = _master,
        IsLinkUp = _master is not null,
        HasSynchronized = _master is not null,
    };

    /// <summary>Keeps the bus thread from everything until the result is disposed of.</summary>
    public IDisposable HoldBus()
    {
        var held = new ManualResetEventSlim();
        var go = new ManualResetEventSlim();
        _host.Post(() =>
        {
            held.Set();
            go.Wait(Wait.Patience);
        });
        Assert.True(held.Wait(Wait.Patience), "the bus thread is held");
        return new Release(go);
    }

    /// <summary>Waits until the bus thread did something.</summary>
    public void DoOnBus(Action work)
    {
        using var done = new ManualResetEventSlim();
        _host.Post(() =>
        {
            work();
            done.Set();
        });
        Assert.True(done.Wait(Wait.Patience), "the bus thread answers");
    }

    public void Publish(ClusterView view)
    {
        _published = view;
        History.Enqueue(view);
    }

    public void BecomeReplicaOf(string host, int port)
    {
        _master = (host, port);
        Actions.Enqueue($"replica of {port}");
    }

    public void StopFollowing() => Actions.Enqueue("follows nobody");

    public void BecomeMaster()
    {
        _master = null;
        Actions.Enqueue("master");
    }

    public void PauseWrites() => Actions.Enqueue("pause");

    public void ResumeWrites() => Actions.Enqueue("resume");

    public void DeleteKeysInSlots(SlotSet slots) => Actions.Enqueue("delete");

    public void Deliver(byte[] channel, byte[] message, bool sharded) =>
        Actions.Enqueue($"{(sharded ? "shard " : "")}message {Encoding.Latin1.GetString(channel)} {Encoding.Latin1.GetString(message)}");

    public void FlushAll() => Actions.Enqueue("flush");

    public bool DoWork() => false;

    public void Fail(string message) => _failure = message;

    /// <summary>Calls the machine and waits until the effects were carried out.</summary>
    public string? Do(Func<ClusterMachine, long, EffectList, string?> operation)
    {
        string? error = null;
        using var done = new ManualResetEventSlim();
        var waits = false;
        _host.Apply((machine, now, effects) => error = operation(machine, now, effects), () =>
        {
            waits = true;
            return done.Set;
        });
        Assert.True(!waits || done.Wait(Wait.Patience), "the bus thread carries it out");
        return error;
    }

    public void Meet(int port) =>
        Assert.Null(Do((machine, now, effects) => machine.Meet("127.0.0.1", port, port + 10000, now, effects)));

    public void AddSlots(int first, int last) =>
        Assert.Null(Do((machine, now, effects) => machine.AddSlots(SlotSet.Range(first, last), now, effects)));

    /// <summary>Ends it as a crash would: no goodbye.</summary>
    public void Stop() => _host.Dispose();

    /// <summary>Starts it anew from its nodes.conf.</summary>
    public void Restart()
    {
        _host.Dispose();
        _host = Open();
        _host.Start(new SlotSet());
    }

    public void Dispose()
    {
        _host.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private sealed class Release(ManualResetEventSlim go) : IDisposable
    {
        public void Dispose() => go.Set();
    }

    private BusHost Open()
    {
        var file = ConfigFile.Open(ConfigPath);
        var text = file.Read();
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        ClusterView? saved = null;
        if (text.Length > 0) Assert.True(NodesFile.TryParse(text, now, out saved, out var error), error);
        var machine = new ClusterMachine(
            Options, new RandomSource(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32)), saved, now);
        var listener = Listener.Bind(new IPEndPoint(IPAddress.Loopback, Options.BusPort), 128, waits: false);
        var options = new BusHostOptions { Listeners = [listener], SendBufferLimit = () => 0, Layer = Layer };
        return new BusHost(machine, file, this, options, TimeProvider.System, NullLogger.Instance);
    }
}
