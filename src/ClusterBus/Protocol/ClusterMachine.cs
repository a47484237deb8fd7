using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// One node's part in the cluster protocol, as a pure state machine. It owns no socket, file, clock or random source. Not thread-safe: one thread (or one
/// lock) calls it. Every call takes the time, <c>now</c>, in Unix milliseconds, that must never go back, and appends to <c>effects</c> what the host must
/// do, in order. Operations of CLUSTER return null when they were done, else the error reply without its dash ("ERR Unknown node x").
/// </summary>
public sealed class ClusterMachine
{
    /// <summary>A new node with a random name, or the node whose nodes.conf was read.</summary>
    /// <param name="options">Directives; change them by <see cref="Reconfigure"/>.</param>
    /// <param name="random">Used by this machine only.</param>
    /// <param name="saved">What <see cref="NodesFile.TryParse"/> read, or null when there is no file.</param>
    /// <param name="now">Unix milliseconds.</param>
    public ClusterMachine(ClusterOptions options, RandomSource random, ClusterView? saved, long now) =>
        throw new NotSupportedException($"{options} {random} {saved} {now}");

    /// <summary>The directives in force.</summary>
    public ClusterOptions Options => throw new NotSupportedException();

    /// <summary>What the rest of the server reports; set it before every call that takes effects.</summary>
    public LocalStatus Local { get; set; }

    /// <summary>Message counts; may be read from any thread.</summary>
    public BusStatistics Statistics { get; } = new();

    /// <summary>This node's name.</summary>
    public NodeId Id => throw new NotSupportedException();

    /// <summary>When <see cref="Tick"/> is to be called next at the latest, Unix milliseconds. At most 100 ms after the last tick.</summary>
    public long NextTickAt => throw new NotSupportedException();

    /// <summary>The state of this moment, pings and pongs included (CLUSTER NODES); <see cref="ClusterEffect.PublishView"/> gives the same when it changes.</summary>
    public ClusterView Snapshot() => throw new NotSupportedException();

    /// <summary>The text of nodes.conf for this moment.</summary>
    public string FormatNodesFile() => NodesFile.Format(Snapshot());

    /// <summary>First call: persists the file of a new node, publishes the view, becomes a replica when the file says so.</summary>
    public void Start(long now, EffectList effects) => throw new NotSupportedException($"{now} {effects}");

    /// <summary>Once after the data set was loaded: slots with keys that no node owns become this node's, those of others are marked importing.</summary>
    /// <param name="slotsWithKeys">The slots that hold keys.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public void ReconcileWithData(SlotSet slotsWithKeys, long now, EffectList effects) =>
        throw new NotSupportedException($"{slotsWithKeys} {now} {effects}");

    /// <summary>Changes the directives (CONFIG SET).</summary>
    public void Reconfigure(ClusterOptions options, long now, EffectList effects) => throw new NotSupportedException($"{options} {now} {effects}");

    /// <summary>The heartbeat: pings, timeouts, elections. Every 100 ms, or earlier: see <see cref="NextTickAt"/>.</summary>
    public void Tick(long now, EffectList effects) => throw new NotSupportedException($"{now} {effects}");

    /// <summary>One packet arrived on a link. A malformed one is counted, logged at a bounded rate and changes nothing.</summary>
    /// <param name="link">The link, established or accepted. A link the machine has closed is ignored.</param>
    /// <param name="packet">The whole packet as cut by <see cref="Wire.BusFraming"/>.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public void Step(LinkId link, ReadOnlySpan<byte> packet, long now, EffectList effects) =>
        throw new NotSupportedException($"{link} {packet.Length} {now} {effects}");

    /// <summary>A connection was accepted on the bus port.</summary>
    /// <param name="remoteIp">Address of the other end.</param>
    /// <param name="localIp">Address of this end: how this node learns its own.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <returns>The link's number.</returns>
    public LinkId AcceptLink(string remoteIp, string localIp, long now) => throw new NotSupportedException($"{remoteIp} {localIp} {now}");

    /// <summary>A connection asked for by <see cref="ClusterEffect.Connect"/> is there.</summary>
    /// <param name="link">Its number.</param>
    /// <param name="remoteIp">Address of the other end.</param>
    /// <param name="localIp">Address of this end.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public void LinkEstablished(LinkId link, string remoteIp, string localIp, long now, EffectList effects) =>
        throw new NotSupportedException($"{link} {remoteIp} {localIp} {now} {effects}");

    /// <summary>A link broke, could not be made, or its output grew beyond cluster-link-sendbuf-limit and the host closed it.</summary>
    public void LinkLost(LinkId link, long now, EffectList effects) => throw new NotSupportedException($"{link} {now} {effects}");

    /// <summary>The node at the other end of a link, or none while that is not known (CLUSTER LINKS).</summary>
    public NodeId NodeOf(LinkId link) => throw new NotSupportedException($"{link}");

    /// <summary>CLUSTER MEET.</summary>
    public string? Meet(string ip, int port, int busPort, long now, EffectList effects) =>
        throw new NotSupportedException($"{ip} {port} {busPort} {now} {effects}");

    /// <summary>CLUSTER FORGET.</summary>
    public string? Forget(NodeId node, long now, EffectList effects) => throw new NotSupportedException($"{node} {now} {effects}");

    /// <summary>CLUSTER ADDSLOTS and ADDSLOTSRANGE. (That a slot is named twice is the caller's to refuse.)</summary>
    public string? AddSlots(SlotSet slots, long now, EffectList effects) => throw new NotSupportedException($"{slots} {now} {effects}");

    /// <summary>CLUSTER DELSLOTS and DELSLOTSRANGE.</summary>
    public string? DeleteSlots(SlotSet slots, long now, EffectList effects) => throw new NotSupportedException($"{slots} {now} {effects}");

    /// <summary>CLUSTER FLUSHSLOTS.</summary>
    /// <param name="hasKeys">The data set is not empty.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public string? FlushSlots(bool hasKeys, long now, EffectList effects) => throw new NotSupportedException($"{hasKeys} {now} {effects}");

    /// <summary>CLUSTER SETSLOT slot MIGRATING node.</summary>
    public string? SetSlotMigrating(int slot, NodeId target, long now, EffectList effects) =>
        throw new NotSupportedException($"{slot} {target} {now} {effects}");

    /// <summary>CLUSTER SETSLOT slot IMPORTING node.</summary>
    public string? SetSlotImporting(int slot, NodeId source, long now, EffectList effects) =>
        throw new NotSupportedException($"{slot} {source} {now} {effects}");

    /// <summary>CLUSTER SETSLOT slot STABLE.</summary>
    public string? SetSlotStable(int slot, long now, EffectList effects) => throw new NotSupportedException($"{slot} {now} {effects}");

    /// <summary>CLUSTER SETSLOT slot NODE node.</summary>
    /// <param name="slot">The slot, 0..16383.</param>
    /// <param name="owner">Its new owner.</param>
    /// <param name="slotHasKeys">This node holds keys of that slot.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public string? SetSlotNode(int slot, NodeId owner, bool slotHasKeys, long now, EffectList effects) =>
        throw new NotSupportedException($"{slot} {owner} {slotHasKeys} {now} {effects}");

    /// <summary>CLUSTER REPLICATE.</summary>
    /// <param name="master">The master to be.</param>
    /// <param name="hasKeys">The data set is not empty.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public string? Replicate(NodeId master, bool hasKeys, long now, EffectList effects) =>
        throw new NotSupportedException($"{master} {hasKeys} {now} {effects}");

    /// <summary>CLUSTER FAILOVER, FORCE or TAKEOVER.</summary>
    public string? Failover(FailoverMode mode, long now, EffectList effects) => throw new NotSupportedException($"{mode} {now} {effects}");

    /// <summary>CLUSTER RESET.</summary>
    /// <param name="hard">HARD: new name, epochs 0.</param>
    /// <param name="hasKeys">The data set is not empty.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    public string? Reset(bool hard, bool hasKeys, long now, EffectList effects) => throw new NotSupportedException($"{hard} {hasKeys} {now} {effects}");

    /// <summary>CLUSTER BUMPEPOCH.</summary>
    /// <param name="bumped">True: reply "BUMPED epoch"; false: reply "STILL epoch", the node has the highest already.</param>
    /// <param name="now">Unix milliseconds.</param>
    /// <param name="effects">Gets what to do.</param>
    /// <returns>The node's config epoch.</returns>
    public ulong BumpEpoch(out bool bumped, long now, EffectList effects) => throw new NotSupportedException($"{now} {effects}");

    /// <summary>CLUSTER SET-CONFIG-EPOCH. (A negative epoch is the caller's to refuse.)</summary>
    public string? SetConfigEpoch(ulong epoch, long now, EffectList effects) => throw new NotSupportedException($"{epoch} {now} {effects}");

    /// <summary>CLUSTER SAVECONFIG: persists now.</summary>
    public void SaveConfig(EffectList effects) => throw new NotSupportedException($"{effects}");

    /// <summary>CLUSTER COUNT-FAILURE-REPORTS: the masters that report the node as failing, or null when it is not known.</summary>
    public int? CountFailureReports(NodeId node, long now) => throw new NotSupportedException($"{node} {now}");

    /// <summary>Sends a published message to all nodes (PUBLISH) or to the nodes of this shard (SPUBLISH).</summary>
    public void Publish(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> message, bool sharded, long now, EffectList effects) =>
        throw new NotSupportedException($"{channel.Length} {message.Length} {sharded} {now} {effects}");
}
