using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Host;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Node.PubSub;
using Starling.Node.Replication;
using Starling.Node.Serving;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Cluster;

/// <summary>This node's part in the cluster: the machine's host, the routing table, the redirects.</summary>
public sealed class ClusterService : IDisposable
{
    /// <summary>
    /// What the view of the cluster and the routing table depend on: CONFIG SET is answered when they say what was set.
    /// </summary>
    private static readonly string[] ViewDirectives =
    [
        "port", "cluster-node-timeout", "cluster-ping-interval", "cluster-replica-validity-factor",
        "repl-ping-replica-period", "cluster-migration-barrier", "cluster-allow-replica-migration",
        "cluster-allow-empty-master", "cluster-require-full-coverage", "cluster-replica-no-failover", "cluster-announce-ip", "cluster-announce-port",
        "cluster-announce-tls-port", "cluster-announce-bus-port", "cluster-announce-hostname",
        "cluster-announce-human-nodename", "cluster-preferred-endpoint-type",
    ];

    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly PersistenceService _persistence;
    private readonly ILogger _logger;
    private readonly ClusterActions _actions;
    private readonly ShardChannels _shardChannels;

    // Guards what follows up to the routing table, which is read without. Taken with or without stripes; under it only
    // the slot cleaner's own lock.
    private readonly RankedLock _publishGate = new(LockRank.Routing, nameof(ClusterService));
    private ClusterView? _view;
    private RoutingTable _routing = RoutingTable.Empty;
    private BusHost? _host;
    private volatile bool _isStarted;

    /// <summary>Makes the service; nothing is opened yet.</summary>
    /// <param name="basics">What the node stands on.</param>
    /// <param name="executor">Takes stripes for a change of slots.</param>
    /// <param name="persistence">Tells whether this node has lost its data.</param>
    /// <param name="replication">Follows the roles that the cluster decides on.</param>
    /// <param name="migrations">Keys on their way to other nodes.</param>
    /// <param name="publisher">Gets what other nodes publish, and says what is published here.</param>
    public ClusterService(
        NodeBasics basics,
        Executor executor,
        PersistenceService persistence,
        ReplicationService replication,
        MigrateService migrations,
        Publisher publisher)
    {
        publisher.Relay = new BusPublisher(work => Host.Post(work), Broadcast);
        _shardChannels = new ShardChannels(executor, publisher);
        (_basics, _executor, _persistence) = (basics, executor, persistence);
        _logger = basics.Loggers.CreateLogger("cluster");
        _actions = new ClusterActions(basics, executor, replication, migrations, publisher, this, _logger);
        basics.Info.Add("cluster", info => info.Field("cluster_state_reason", StateReason));
    }

    /// <summary>Who serves which slot, as of now.</summary>
    public RoutingTable Routing => Volatile.Read(ref _routing);

    /// <summary>
    /// True when nodes.conf, as it was at the start, says that this node is a replica: it leaves expired keys of its RDB
    /// file to its master.
    /// </summary>
    internal bool StartsAsReplica { get; private set; }

    /// <summary>
    /// The port that the bus listens on, from <see cref="Open"/> on. CONFIG SET port does not change it, so that others
    /// are told what is true; redis-server 7.0 then announces a port on which nobody listens.
    /// </summary>
    internal int BusPort { get; private set; }

    /// <summary>
    /// This master has lost its data, and no replica may load what is left (see cluster-allow-empty-master).
    /// </summary>
    public bool RefusesReplicas => Volatile.Read(ref _view) is { HasLostData: true };

    /// <summary>Why cluster_state is fail, in a word; "none" when it is ok.</summary>
    public string StateReason
    {
        get
        {
            using (_publishGate.Enter()) return ClusterInfo.ReasonOf(_view?.Health ?? ClusterHealth.SlotsNotCovered);
        }
    }

    /// <summary>The bus host; there from <see cref="Open"/> on.</summary>
    internal BusHost Host
    {
        get
        {
            Invariant.That(_host is not null);
            return _host;
        }
    }

    /// <summary>
    /// Locks and reads nodes.conf and listens on the bus port; before the data set is loaded. Nobody is answered before
    /// <see cref="Start"/>.
    /// </summary>
    /// <exception cref="ClusterStartException">The process must end with that message.</exception>
    public void Open()
    {
        Invariant.That(_host is null);
        var config = _basics.Config;
        if (config.ClusterPort == 0 && config.Port > ushort.MaxValue - ClusterBus.Wire.BusProtocol.PortOffset)
        {
            throw new ClusterStartException(
                "Redis port number too high. "
                + "Cluster communication port is 10,000 port numbers higher than your Redis port. "
                + "Your Redis port number must be 55535 or less.");
        }

        BusPort = BusListeners.PortOf(config);
        foreach (var directive in ViewDirectives) config.OnApply(directive, TakeDirectives);
        var file = ClusterBus.Host.ConfigFile.Open(config.PathOf(config.ClusterConfigFile));
        try
        {
            var machine = MakeMachine(file.Read(), Path.GetFileName(config.ClusterConfigFile));
            var options = new BusHostOptions
            {
                Listeners = BusListeners.Open(config),
                SourceAddress = SourceAddress(config.BindSourceAddr),
                SendBufferLimit = () => config.ClusterLinkSendbufLimit,
            };
            _host = new BusHost(machine, file, _actions, options, _basics.Clock, _logger);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Joins the cluster; after the data set was loaded: slots that hold keys and that nobody owns become this node's,
    /// those of other nodes are importing.
    /// </summary>
    /// <exception cref="ClusterStartException">There are keys in another database than 0.</exception>
    public void Start()
    {
        var keyspace = _basics.Keyspace;
        for (var i = 1; i < keyspace.DatabaseCount; i++)
        {
            if (keyspace[i].Count == 0) continue;
            throw new ClusterStartException(
                "You can't have keys in a DB different than DB 0 when in Cluster mode. Exiting.");
        }

        var slots = new SlotSet();
        for (var slot = keyspace[0].NextSlotInUse(0, expiring: false);
            slot >= 0;
            slot = slot + 1 < HashSlot.Count ? keyspace[0].NextSlotInUse(slot + 1, expiring: false) : -1)
        {
            slots.Add(slot);
        }

        Host.Start(slots, hasLostData: keyspace[0].Count == 0 && !_persistence.HasFile);
        _isStarted = true;
    }

    /// <summary>
    /// Leaves: the bus thread ends, links and listeners are closed, nodes.conf is unlocked. No client changes the data set any
    /// more.
    /// </summary>
    public void Stop()
    {
        if (_host is not { } host) return;
        if (_isStarted && _basics.Keyspace[0].Count == 0)
            host.Apply((machine, now, effects) => machine.NoteEmptyAtExit(now, effects));
        _isStarted = false;
        host.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();

    /// <summary>
    /// Decides whether this node may execute a command on a slot, and writes MOVED, ASK, TRYAGAIN or CLUSTERDOWN when
    /// not. Called with the stripes of the keys held, so that a slot cannot change hands between the answer and the
    /// execution.
    /// </summary>
    /// <param name="call">Who called; gets the error reply.</param>
    /// <param name="slot">The one slot of all keys (the executor has answered CROSSSLOT).</param>
    /// <param name="isWrite">The command, or any of the transaction's, has the Write flag.</param>
    /// <param name="keys">The keys; asked only when the slot is moving.</param>
    /// <returns>True to go on; false when the error reply is written.</returns>
    public bool Admit(CommandContext call, int slot, bool isWrite, ICommandKeys keys)
    {
        var routing = Routing;
        var request = new SlotRequest
        {
            Slot = slot,
            Now = call.Now,
            IsWrite = isWrite,
            StaysWithMovingSlot = call.Command.StaysWithMovingSlot,
            IsAsking = call.Session.Asking || (call.Command.Flags & CommandFlags.Asking) != 0,
            IsWaiting = call.Session.Waiter is not null,
            IsReadOnlyClient = call.Session.ReadOnlyMode,
            AllowReadsWhenDown = _basics.Config.ClusterAllowReadsWhenDown,
            IsOfShardChannels = keys.Total == 0,
            AllowShardChannelsWhenDown = _basics.Config.ClusterAllowPubSubShardWhenDown,
        };
        var redirect = routing.Decide(request, keys);
        if (redirect.Kind == RedirectKind.None) return true;
        RedirectReply.Write(call.Reply, routing, redirect, slot);
        return false;
    }

    /// <summary>
    /// Judges a key that a command of a script names; returns the error of a script that may not touch it, or nothing. With the key's
    /// stripe held, when it is here.
    /// </summary>
    public ReadOnlySpan<byte> JudgeForScript(CommandContext call, int position, int slot, bool isWrite)
    {
        var routing = Routing;
        if (!routing.IsOk)
        {
            if (!_basics.Config.ClusterAllowReadsWhenDown) return "ERR Script attempted to execute a command while the cluster is down"u8;
            if (isWrite) return "ERR Script attempted to execute a write command while the cluster is down and readonly"u8;
        }

        var owner = routing.Owner(slot);
        var isMasters = owner == routing.Master && owner != RoutingTable.NoNode;
        var isHere = owner == routing.Myself || (call.Session.ReadOnlyMode && !isWrite && isMasters)
            || (call.Session.Asking && routing.ImportingFrom(slot) != RoutingTable.NoNode);
        if (isHere && owner == routing.Myself && routing.MigratingTo(slot) != RoutingTable.NoNode && call.Keyspace.IsHeld(slot))
            isHere = call.Database.TryFind(call.Key(position), out _);
        return isHere ? [] : "ERR Script attempted to access a non local key in a cluster node"u8;
    }

    /// <summary>Makes a view the routing table. Takes no stripe.</summary>
    internal void Publish(ClusterView view)
    {
        using (_publishGate.Enter())
        {
            var former = _view;
            _view = view;
            Rebuild();
            if (former is null || !_shardChannels.Note(former, view)) return;
        }

        if (_isStarted) Host.Post(_shardChannels.EndLost);
    }

    /// <summary>
    /// Makes the routing table anew from the last view, when something else that it depends on has changed.
    /// </summary>
    internal void Republish()
    {
        using (_publishGate.Enter())
        {
            if (_view is not null) Rebuild();
        }
    }

    /// <summary>True when the last view gives a slot to this node, or this node takes it over.</summary>
    internal bool Claims(int slot)
    {
        using (_publishGate.Enter())
            return _view is { } view && (view.OwnerOf(slot) == view.Myself || view.Importing.ContainsKey(slot));
    }

    /// <summary>
    /// Does something about a slot unless this node claims it; no view is published in between, so that a slot cannot
    /// come back between the question and the deed. Short, and takes no stripe.
    /// </summary>
    internal void UnlessClaimed(int slot, Action<int> act)
    {
        using (_publishGate.Enter())
        {
            if (!Claims(slot)) act(slot);
        }
    }

    /// <summary>
    /// Has the machine called. The client waits until everything that follows was done, nodes.conf included, so that
    /// what it was told is OK outlives a crash; inside a transaction, where nobody can wait, it is answered at once.
    /// </summary>
    /// <param name="call">The command; suspended by this.</param>
    /// <param name="stripes">Stripes to hold around the call and the publishing of the new view.</param>
    /// <param name="operation">Calls the machine; returns null or the error reply's text.</param>
    /// <param name="reply">Writes the reply when there was no error; OK when null.</param>
    internal void Execute(
        CommandContext call,
        StripeSet stripes,
        Func<ClusterMachine, long, EffectList, string?> operation,
        Action<Resp.RespWriter>? reply = null)
    {
        string? error = null;
        var waits = false;
        void Answer(Resp.RespWriter writer)
        {
            if (error is not null) writer.Error(error);
            else if (reply is not null) reply(writer);
            else writer.Simple("OK"u8);
        }

        using (_executor.Open(LockPlan.Stripes(stripes)))
        {
            Host.Apply(
                (machine, now, effects) => error = operation(machine, now, effects),
                () =>
                {
                    if (!call.MayBlock) return null;
                    waits = true;
                    return call.Suspend(deadline: 0, (writer, _) => Answer(writer)).Complete;
                });
        }

        if (!waits) Answer(call.Reply);
    }

    /// <summary>Answers OK when the bus thread has done what was posted to it before.</summary>
    /// <param name="call">The command; suspended by this.</param>
    internal void AwaitBus(CommandContext call)
    {
        var suspension = call.Suspend(deadline: 0, static (writer, _) => writer.Simple("OK"u8));
        Host.Post(suspension.Complete);
    }

    /// <summary>
    /// Has the machine take what was set. Called once for each CONFIG SET, whatever it sets: by one and the same
    /// delegate. Before the start the machine takes the directives by itself.
    /// </summary>
    private string? TakeDirectives()
    {
        if (!_isStarted) return null;
        Host.Apply((machine, now, effects) =>
        {
            var options = _actions.Options;
            if (options != machine.Options) machine.Reconfigure(options, now, effects);
        });
        Republish();
        return null;
    }

    private void Broadcast(List<PublishedMessage> messages) => Host.Apply((machine, now, effects) =>
    {
        foreach (var message in messages) machine.Publish(message.Channel, message.Text, message.IsSharded, now, effects);
    });

    private void Rebuild()
    {
        var endpointType = _basics.Config.ClusterPreferredEndpointType;
        Volatile.Write(ref _routing, RoutingTables.From(_view!, endpointType, _actions.Unclean));
    }

    private static System.Net.IPAddress? SourceAddress(string? source)
    {
        if (source is null) return null;
        try
        {
            return HostName.Resolve(source)[0];
        }
        catch (System.Net.Sockets.SocketException error)
        {
            throw new ClusterStartException($"bind-source-addr {source} is no address of this machine: {error.Message}", error);
        }
    }

    private ClusterMachine MakeMachine(string text, string fileName)
    {
        var now = _basics.NowMilliseconds;
        ClusterView? saved = null;
        if (text.Length > 0 && !NodesFile.TryParse(text, now, out saved, out var error))
        {
            throw new ClusterStartException(
                $"Unrecoverable error: corrupted cluster config file \"{fileName}\": {error}.");
        }

        var entropy = RandomNumberGenerator.GetBytes(32);
        var machine = new ClusterMachine(_actions.Options, new RandomSource(entropy), saved, now);
        StartsAsReplica = saved is not null && saved.Myself.IsReplica;
        if (saved is null) ClusterLog.NewNode(_logger, machine.Id.ToString());
        else ClusterLog.Loaded(_logger, machine.Id.ToString());
        return machine;
    }
}
