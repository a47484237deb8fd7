using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>Heartbeats: what they tell of other nodes, and what is made of what others tell.</summary>
internal sealed class Gossip(MachineCore core)
{
    private const long ForgetMilliseconds = 60_000;

    /// <summary>Nodes that must not be learned again from gossip (CLUSTER FORGET), and until when.</summary>
    private readonly SortedList<NodeId, long> _forgotten = [];

    private long _round;

    /// <summary>
    /// Sends a PING, PONG or MEET with gossip about some other nodes and about all that may be failing.
    /// </summary>
    public void SendHeartbeat(BusLink? link, BusType type)
    {
        if (link is not { IsEstablished: true } || core.Durability.IsStuck) return;
        if (!link.IsInbound && type == BusType.Ping) link.Node!.PingSentAt = core.Now;
        core.Messenger.Send(link, type, Heartbeat(link, core.Durability.Told.ShardId));
    }

    /// <summary>Announces what this node has become to all linked nodes, when that is durable.</summary>
    public void AnnounceWhenDurable()
    {
        foreach (var node in core.State.Nodes.Values)
        {
            if (!node.IsMyself && !node.IsInHandshake && node.Link is { IsEstablished: true } link)
                core.Messenger.SendWhenDurable(link, BusType.Pong, Heartbeat(link, core.Myself.ShardId));
        }
    }

    /// <summary>Announces this node's state, its offset above all, to the other replicas of its master.</summary>
    public void BroadcastPongToFellowReplicas()
    {
        var master = core.Myself.Master;
        foreach (var node in core.State.Nodes.Values)
        {
            if (node.IsMyself || node.IsInHandshake || !node.IsReplica || node.Master is not { } other) continue;
            if (other == core.Myself || other == master) SendHeartbeat(node.Link, BusType.Pong);
        }
    }

    /// <summary>Takes in the gossip sections of a heartbeat.</summary>
    /// <param name="sender">The sender, or null when it is not known yet (MEET): then new nodes are not taken from
    /// it.</param>
    /// <param name="gossip">The sections.</param>
    public void Process(ClusterNode? sender, IReadOnlyList<GossipEntry> gossip)
    {
        foreach (var entry in gossip)
        {
            if (core.State.Find(entry.Node) is not { } node) Learn(sender, entry);
            else if (!node.IsMyself) Compare(sender, node, entry);
        }
    }

    /// <summary>Takes in the extensions of a heartbeat of a known node.</summary>
    public void ProcessExtensions(ClusterNode sender, PingExtensions extensions)
    {
        if (sender.Hostname != extensions.Hostname || sender.HumanName != extensions.HumanName)
        {
            sender.Hostname = extensions.Hostname;
            sender.HumanName = extensions.HumanName;
            core.Persist(sync: false);
            core.ViewChanged();
        }

        sender.HasToldShard = sender.IsMaster && !extensions.ShardId.IsNone;
        var shard = extensions.ShardId.IsNone ? (sender.Master ?? sender).ShardId : extensions.ShardId;
        if (ClusterState.SetShard(sender, shard))
        {
            core.Persist(sync: false);
            core.ViewChanged();
        }

        foreach (var forgotten in extensions.Forgotten)
        {
            if (core.State.Find(forgotten.Node) is not { } node || node.IsMyself || node == sender
                || core.Myself.Master == node)
                continue;
            _forgotten[node.Id] = core.Now + (long)Math.Min(forgotten.Seconds, ForgetMilliseconds / 1000) * 1000;
            core.RemoveNode(node);
            core.Persist(sync: false);
        }
    }

    public void Forget(NodeId node) => _forgotten[node] = core.Now + ForgetMilliseconds;

    public bool IsForgotten(NodeId node) => _forgotten.TryGetValue(node, out var until) && until > core.Now;

    public void ForgetNothing() => _forgotten.Clear();

    /// <summary>Drops what has expired.</summary>
    public void Tick()
    {
        for (var i = _forgotten.Count - 1; i >= 0; i--)
        {
            if (_forgotten.Values[i] <= core.Now) _forgotten.RemoveAt(i);
        }
    }

    /// <summary>Master or replica; neither when the flags say both.</summary>
    public static NodeFlags RoleOf(NodeFlags flags)
    {
        const NodeFlags Both = NodeFlags.Master | NodeFlags.Replica;
        return (flags & Both) == Both ? NodeFlags.None : flags & Both;
    }

    private static bool IsWorthTelling(ClusterNode node) =>
        !node.IsInHandshake && node.HasAddress && (node.Link is not null || node.Slots.Count > 0);

    private BusBody.Heartbeat Heartbeat(BusLink link, NodeId shard)
    {
        var extensions = link.Node is { } node && (node.Flags & NodeFlags.ExtensionsSupported) != 0
            ? Extensions(shard)
            : PingExtensions.None;
        return new BusBody.Heartbeat(Select(link.Node), extensions);
    }

    private GossipEntry Entry(ClusterNode node) => new(
        node.Id, Seconds(node.PingSentAt), Seconds(node.PongReceivedAt), node.Address, node.Flags & ~NodeFlags.Myself);

    // On the wire is Unix time.
    private uint Seconds(long at) => at == 0 ? 0 : (uint)((at + core.WallOffset) / 1000);

    /// <summary>
    /// A tenth of the nodes, at least three, at random; and all that are PFAIL, so that reports reach a majority soon.
    /// </summary>
    private List<GossipEntry> Select(ClusterNode? receiver)
    {
        var nodes = core.State.Nodes.Values;
        var fresh = nodes.Count - 2;
        var wanted = Math.Min(Math.Max(nodes.Count / 10, 3), fresh);
        var entries = new List<GossipEntry>(Math.Max(wanted, 0));
        _round++;
        for (var tries = wanted * 3; fresh > 0 && entries.Count < wanted && tries > 0; tries--)
        {
            var node = nodes[core.Random.Next(nodes.Count)];
            if (node.IsMyself || node == receiver || node.IsPossiblyFailing) continue;
            if (!IsWorthTelling(node))
            {
                fresh--;
                continue;
            }

            if (node.LastGossipRound == _round) continue;
            node.LastGossipRound = _round;
            entries.Add(Entry(node));
            fresh--;
        }

        foreach (var node in nodes)
        {
            if (node.IsPossiblyFailing && !node.IsInHandshake && node.HasAddress && node != receiver)
                entries.Add(Entry(node));
        }

        return entries;
    }

    private PingExtensions Extensions(NodeId shard)
    {
        var extensions = new PingExtensions
        {
            Hostname = core.Options.AnnounceHostname,
            HumanName = core.Options.AnnounceHumanName,
            ShardId = shard,
        };
        if (_forgotten.Count == 0) return extensions;
        var forgotten = new List<ForgottenNode>(_forgotten.Count);
        foreach (var (node, until) in _forgotten)
        {
            if (until > core.Now) forgotten.Add(new ForgottenNode(node, (ulong)((until - core.Now + 999) / 1000)));
        }

        return extensions with { Forgotten = forgotten };
    }

    private void Compare(ClusterNode? sender, ClusterNode node, GossipEntry entry)
    {
        var isReportedDown = (entry.Flags & (NodeFlags.Failing | NodeFlags.PossiblyFailing)) != 0;
        if (sender is { OwnsSlots: true } && isReportedDown) core.FailureDetector.AddReport(node, sender);
        else if (sender is not null && !isReportedDown) core.FailureDetector.RemoveReport(node, sender);
        if (isReportedDown) return;
        if (node.PingSentAt == 0 && !MustAnswerItself(node) && core.FailureDetector.CountReports(node) == 0)
        {
            // Others' pongs count as ours, unless their wall clock is ahead of ours.
            var pong = (entry.PongReceivedSeconds * 1000L) - core.WallOffset;
            if (pong <= core.Now + 500 && pong > node.PongReceivedAt) node.PongReceivedAt = pong;
        }

        var isDown = node.IsFailing || node.IsPossiblyFailing;
        if (!isDown || (entry.Flags & NodeFlags.NoAddress) != 0 || entry.Address == node.Address
            || entry.Address.BusPort == 0)
            return;

        // It is down where we look for it, and someone reaches it elsewhere.
        if (node.Link is { } link) core.CloseLink(link);
        node.Address = entry.Address;
        node.Flags &= ~NodeFlags.NoAddress;
        core.Persist(sync: false);
        core.ViewChanged();
        core.FollowMaster();
    }

    /// <summary>
    /// Masters with slots hear of each other what a majority is, so others' word for one goes only half the node timeout
    /// beyond its own. redis-server takes it for as long as it comes: a master that reaches the others through one node
    /// alone goes on with its writes until the random ping of every second has been to each of them.
    /// </summary>
    private bool MustAnswerItself(ClusterNode node) =>
        core.Myself.OwnsSlots && node.OwnsSlots && core.Now - node.AnsweredAt > core.Options.NodeTimeout / 2;

    private void Learn(ClusterNode? sender, GossipEntry entry)
    {
        // Only a known node is believed, or this node might join another cluster. The name is taken as it is, without
        // handshake: at that address another node may listen by now.
        if (sender is null || (entry.Flags & (NodeFlags.NoAddress | NodeFlags.Handshake)) != 0
            || IsForgotten(entry.Node))
            return;
        if (entry.Address.Ip.Length == 0 || entry.Address.BusPort == 0) return;

        // FAIL is what a majority has agreed on, and whoever comes later hears of it in no other way. PFAIL is what the
        // sender alone sees: it counts as its report, where redis-server makes it this node's own suspicion.
        const NodeFlags Taken = NodeFlags.NoFailover | NodeFlags.MigrateTo | NodeFlags.Failing;
        var node = core.CreateNode(entry.Node, (entry.Flags & Taken) | RoleOf(entry.Flags));
        node.Address = entry.Address;
        if (node.IsFailing) node.FailedAt = core.Now;
        core.Persist(sync: false);
        core.CheckState();
        if (sender.OwnsSlots && (entry.Flags & (NodeFlags.Failing | NodeFlags.PossiblyFailing)) != 0)
            core.FailureDetector.AddReport(node, sender);
    }
}
