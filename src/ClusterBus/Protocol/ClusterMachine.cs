using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// One node's part in the cluster protocol, as a pure state machine. It owns no socket, file, clock or random source.
/// Not thread-safe: one thread (or one lock) calls it. Every call takes the time, <c>now</c>, in Unix milliseconds,
/// that must never go back and go on evenly whatever happens to the wall clock (see <see cref="WallOffset"/>), and
/// appends to <c>effects</c> what the host must do, in order. Operations of CLUSTER return null when they were done,
/// else the error reply without its dash ("ERR Unknown node x").
/// </summary>
public sealed class ClusterMachine
{
    private const long TickInterval = 100;

    private readonly MachineCore _core;
    private readonly PacketHandler _packets;
    private readonly Administration _administration;
    private long _lastTickAt;

    /// <summary>A new node with a random name, or the node whose nodes.conf was read.</summary>
    /// <param name="options">Directives; change them by <see cref="Reconfigure"/>.</param>
    /// <param name="random">Used by this machine only.</param>
    /// <param name="saved">What <see cref="NodesFile.TryParse"/> read, or null when there is no file.</param>
    /// <param name="now">Unix milliseconds.</param>
    public ClusterMachine(ClusterOptions options, RandomSource random, ClusterView? saved, long now)
    {
        var state = saved is null ? StateLoader.NewNode(random, now) : StateLoader.Load(saved, random, now);
        _core = new MachineCore(options, random, state, Statistics, isRestarted: saved is not null);
        _packets = new PacketHandler(_core);
        _administration = new Administration(_core);
        _lastTickAt = now;
        ApplyOptions(options.AnnounceIp);
    }

    /// <summary>The directives in force.</summary>
    public ClusterOptions Options => _core.Options;

    /// <summary>What the rest of the server reports; set it before every call that takes effects.</summary>
    public LocalStatus Local
    {
        get => _core.Local;
        set => _core.Local = value;
    }

    /// <summary>
    /// Milliseconds to add to the time that calls are given to get Unix time: for what is shown and what is on the wire.
    /// 0 at first; set it when the wall clock is set.
    /// </summary>
    public long WallOffset
    {
        get => _core.WallOffset;
        set => _core.WallOffset = value;
    }

    /// <summary>Message counts; may be read from any thread.</summary>
    public BusStatistics Statistics { get; } = new();

    /// <summary>This node's name.</summary>
    public NodeId Id => _core.Myself.Id;

    /// <summary>
    /// When <see cref="Tick"/> is to be called next at the latest, Unix milliseconds. At most 100 ms after the last
    /// tick.
    /// </summary>
    public long NextTickAt =>
        Math.Min(_lastTickAt + TickInterval, Math.Min(_core.Election.NextAt, _core.ManualFailover.NextAt));

    /// <summary>
    /// The state of this moment, pings and pongs included (CLUSTER NODES); <see cref="ClusterEffect.PublishView"/>
    /// gives the same when it changes.
    /// </summary>
    public ClusterView Snapshot() => _core.State.ToView(_core.WallOffset);

    /// <summary>The text of nodes.conf for this moment.</summary>
    public string FormatNodesFile() => NodesFile.Format(Snapshot());

    /// <summary>
    /// First call: persists the file of a new node, publishes the view, becomes a replica when the file says so.
    /// </summary>
    /// <param name="hasLostData">
    /// The data set is empty and there was no file of it: what this node had, if it had any, is gone. After
    /// <see cref="NoteEmptyAtExit"/> in its life before it had none.
    /// </param>
    /// <param name="now">The time.</param>
    /// <param name="effects">Gets what to do.</param>
    public void Start(bool hasLostData, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        if (hasLostData && !_core.State.WasEmptyAtExit) _core.LostData.Begin();
        _core.State.WasEmptyAtExit = false;
        _core.Persist(sync: true);
        _core.CheckState();
        _core.FollowMaster();
        _core.End();
    }

    /// <summary>
    /// Last call of a server that is shut down in order with an empty data set: an empty cluster without persistence can be
    /// restarted, and its masters do not wait for replicas that have no more than they.
    /// </summary>
    public void NoteEmptyAtExit(long now, EffectList effects)
    {
        _core.Begin(now, effects);
        if (_core.Myself.IsMaster)
        {
            _core.State.WasEmptyAtExit = true;
            _core.Persist(sync: true);
        }

        _core.End();
    }

    /// <summary>As <see cref="Start(bool, long, EffectList)"/> of a node that has its data, or never had any.</summary>
    public void Start(long now, EffectList effects) => Start(hasLostData: false, now, effects);

    /// <summary>
    /// Once after the data set was loaded: slots with keys that no node owns become this node's, those of others are
    /// marked importing.
    /// </summary>
    /// <param name="slotsWithKeys">The slots that hold keys.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public void ReconcileWithData(SlotSet slotsWithKeys, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        _administration.ReconcileWithData(slotsWithKeys);
        _core.End();
    }

    /// <summary>Changes the directives (CONFIG SET).</summary>
    public void Reconfigure(ClusterOptions options, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var formerIp = _core.Options.AnnounceIp;
        _core.Options = options;
        ApplyOptions(formerIp);
        _core.Persist(sync: false);
        _core.CheckState();
        _core.End();
    }

    /// <summary>What a <see cref="ClusterEffect.Persist"/> with that number asked for is durable, and what was asked before.</summary>
    public void Persisted(long number, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        _core.Persisted(number);
        _core.End();
    }

    /// <summary>
    /// The heartbeat: pings, timeouts, elections. Every 100 ms, or earlier: see <see cref="NextTickAt"/>.
    /// </summary>
    public void Tick(long now, EffectList effects)
    {
        _core.Begin(now, effects);
        _lastTickAt = _core.Now;
        var diskChanged = _core.Durability.Tick();
        var hasChanged = _core.LostData.Tick() || diskChanged;
        _core.Handshake.Tick();
        if (diskChanged) _core.FailureDetector.StartAnew();
        if (!_core.Durability.IsStuck) _core.FailureDetector.Tick();
        _core.FollowMaster();
        _core.ManualFailover.Tick();
        _core.Gossip.Tick();
        if (_core.Myself.IsReplica)
        {
            _core.AdvanceElection();
            _core.ReplicaMigration.Tick();
        }

        if (hasChanged || _core.State.Health != ClusterHealth.Ok) _core.Health.Update();
        _core.End();
    }

    /// <summary>
    /// One packet arrived on a link. A malformed one is counted, logged at a bounded rate and changes nothing.
    /// </summary>
    /// <param name="link">The link, established or accepted. A link the machine has closed is ignored.</param>
    /// <param name="packet">The whole packet as cut by <see cref="Wire.BusFraming"/>.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public void Step(LinkId link, ReadOnlySpan<byte> packet, long now, EffectList effects)
    {
        if (_core.FindLink(link) is not { } known) return;
        _core.Begin(now, effects);
        _packets.Handle(known, packet);
        _core.End();
    }

    /// <summary>A connection was accepted on the bus port.</summary>
    /// <param name="remoteIp">Address of the other end.</param>
    /// <param name="localIp">Address of this end: how this node learns its own.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <returns>The link's number.</returns>
    public LinkId AcceptLink(string remoteIp, string localIp, long now)
    {
        var link = _core.OpenLink(node: null, isInbound: true, now);
        link.IsEstablished = true;
        link.RemoteIp = remoteIp;
        link.LocalIp = localIp;
        return link.Id;
    }

    /// <summary>A connection asked for by <see cref="ClusterEffect.Connect"/> is there.</summary>
    /// <param name="link">Its number.</param>
    /// <param name="remoteIp">Address of the other end.</param>
    /// <param name="localIp">Address of this end.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public void LinkEstablished(LinkId link, string remoteIp, string localIp, long now, EffectList effects)
    {
        if (_core.FindLink(link) is not { IsInbound: false } known) return;
        _core.Begin(now, effects);
        known.IsEstablished = true;
        known.RemoteIp = remoteIp;
        known.LocalIp = localIp;
        _core.Handshake.LinkEstablished(known);
        _core.End();
    }

    /// <summary>
    /// A link broke, could not be made, or its output grew beyond cluster-link-sendbuf-limit and the host closed it.
    /// </summary>
    public void LinkLost(LinkId link, long now, EffectList effects)
    {
        if (_core.FindLink(link) is not { } known) return;
        _core.Begin(now, effects);
        _core.ForgetLink(known);

        // The failure detector counts from here when no ping was under way.
        if (known is { IsInbound: false, Node: { PingSentAt: 0 } node }) node.PingSentAt = _core.Now;
        _core.End();
    }

    /// <summary>The node at the other end of a link, or none while that is not known (CLUSTER LINKS).</summary>
    public NodeId NodeOf(LinkId link) => _core.FindLink(link)?.Node?.Id ?? NodeId.None;

    /// <summary>CLUSTER MEET.</summary>
    public string? Meet(string ip, int port, int busPort, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.Meet(ip, port, busPort);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER FORGET.</summary>
    public string? Forget(NodeId node, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.Forget(node);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER ADDSLOTS and ADDSLOTSRANGE. (That a slot is named twice is the caller's to refuse.)</summary>
    public string? AddSlots(SlotSet slots, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.AddSlots(slots);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER DELSLOTS and DELSLOTSRANGE.</summary>
    public string? DeleteSlots(SlotSet slots, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.DeleteSlots(slots);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER FLUSHSLOTS.</summary>
    /// <param name="hasKeys">The data set is not empty.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public string? FlushSlots(bool hasKeys, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.FlushSlots(hasKeys);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER SETSLOT slot MIGRATING node.</summary>
    public string? SetSlotMigrating(int slot, NodeId target, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.SetSlotMigrating(slot, target);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER SETSLOT slot IMPORTING node.</summary>
    public string? SetSlotImporting(int slot, NodeId source, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.SetSlotImporting(slot, source);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER SETSLOT slot STABLE.</summary>
    public string? SetSlotStable(int slot, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.SetSlotStable(slot);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER SETSLOT slot NODE node.</summary>
    /// <param name="slot">The slot, 0..16383.</param>
    /// <param name="owner">Its new owner.</param>
    /// <param name="slotHasKeys">This node holds keys of that slot.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public string? SetSlotNode(int slot, NodeId owner, bool slotHasKeys, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.SetSlotNode(slot, owner, slotHasKeys);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER REPLICATE.</summary>
    /// <param name="master">The master to be.</param>
    /// <param name="hasKeys">The data set is not empty.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public string? Replicate(NodeId master, bool hasKeys, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.Replicate(master, hasKeys);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER FAILOVER, FORCE or TAKEOVER.</summary>
    public string? Failover(FailoverMode mode, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _core.ManualFailover.Start(mode);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER RESET.</summary>
    /// <param name="hard">HARD: new name, epochs 0.</param>
    /// <param name="hasKeys">The data set is not empty.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public string? Reset(bool hard, bool hasKeys, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.Reset(hard, hasKeys);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER BUMPEPOCH.</summary>
    /// <param name="bumped">True: reply "BUMPED epoch"; false: reply "STILL epoch", the node has the highest
    /// already.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    /// <returns>The node's config epoch.</returns>
    public ulong BumpEpoch(out bool bumped, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        bumped = _core.SlotClaims.BumpEpoch();
        _core.End();
        return _core.Myself.ConfigEpoch;
    }

    /// <summary>CLUSTER SET-CONFIG-EPOCH. (A negative epoch is the caller's to refuse.)</summary>
    public string? SetConfigEpoch(ulong epoch, long now, EffectList effects)
    {
        _core.Begin(now, effects);
        var error = _administration.SetConfigEpoch(epoch);
        _core.End();
        return error;
    }

    /// <summary>CLUSTER SAVECONFIG: persists now.</summary>
    public void SaveConfig(EffectList effects)
    {
        _core.Begin(0, effects);
        _core.Persist(sync: true);
        _core.End();
    }

    /// <summary>
    /// CLUSTER COUNT-FAILURE-REPORTS: the masters that report the node as failing, or null when it is not known.
    /// </summary>
    public int? CountFailureReports(NodeId node, long now)
    {
        _core.AdvanceClock(now);
        return _core.State.Find(node) is { } known ? _core.FailureDetector.CountReports(known) : null;
    }

    /// <summary>Sends a published message to all nodes (PUBLISH) or to the nodes of this shard (SPUBLISH).</summary>
    public void Publish(
        ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message, bool sharded, long now, EffectList effects)
    {
        var body = new BusBody.Publish(channel.ToArray(), message.ToArray());
        _core.Begin(now, effects);
        if (sharded) _core.Messenger.BroadcastToShard(BusType.PublishShard, body);
        else _core.Messenger.Broadcast(BusType.Publish, body);
        _core.End();
    }

    private void ApplyOptions(string formerAnnounceIp)
    {
        var options = _core.Options;
        var myself = _core.Myself;
        var ip = options.AnnounceIp.Length > 0 ? options.AnnounceIp
            : formerAnnounceIp.Length > 0 ? _core.LocalIp()
            : myself.Address.Ip;
        myself.Address = new NodeAddress(ip, options.Port, options.BusPort, options.TlsPort);
        myself.Hostname = options.AnnounceHostname;
        myself.HumanName = options.AnnounceHumanName;
        if (options.ReplicaNoFailover) myself.Flags |= NodeFlags.NoFailover;
        else myself.Flags &= ~NodeFlags.NoFailover;
    }
}
