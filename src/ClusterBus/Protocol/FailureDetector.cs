using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>Pings, and from missing answers PFAIL, and from the agreement of a majority of the masters FAIL.</summary>
internal sealed class FailureDetector(MachineCore core)
{
    private const int RandomPingInterval = 1000;
    private const int RandomPingCandidates = 5;
    private const int MaximumSuspicionReceivers = 64;
    private const long MinimumConnectTime = 200;

    private long _lastRandomPingAt;

    /// <summary>Pings, reconnects, and marks as PFAIL what has not answered for the node timeout.</summary>
    public void Tick()
    {
        if (core.Now - _lastRandomPingAt >= RandomPingInterval)
        {
            _lastRandomPingAt = core.Now;
            PingOldest();
        }

        var hasNewSuspect = false;
        var interval = core.Options.PingInterval > 0 ? core.Options.PingInterval : core.Options.NodeTimeout / 2;
        foreach (var node in core.State.Nodes.Values)
        {
            if (node.IsMyself || node.IsInHandshake || !node.HasAddress) continue;
            Reconnect(node);
            if (node.IsLinked && node.PingSentAt == 0 && core.Now - node.PongReceivedAt > interval)
            {
                core.Gossip.SendHeartbeat(node.Link, BusType.Ping);
                continue;
            }

            if (node.PingSentAt != 0) hasNewSuspect |= Suspect(node);
        }

        if (hasNewSuspect) ShareSuspicions();
    }

    /// <summary>
    /// This node itself fell silent, or was until now: nobody is to blame for not having answered. Answers what it was
    /// asked meanwhile.
    /// </summary>
    public void StartAnew()
    {
        foreach (var node in core.State.Nodes.Values)
        {
            if (node.PingSentAt != 0) node.PingSentAt = core.Now;
            if (node.IsMyself || node.IsInHandshake) continue;
            core.Gossip.SendHeartbeat(node.InboundLink, BusType.Pong);
            core.Gossip.SendHeartbeat(node.Link, BusType.Ping);
        }
    }

    /// <summary>A voting master reports a node as PFAIL or FAIL.</summary>
    public void AddReport(ClusterNode node, ClusterNode reporter)
    {
        var index = node.FailureReports.FindIndex(report => report.Reporter == reporter);
        if (index >= 0)
        {
            node.FailureReports[index] = (reporter, core.Now);
        }
        else
        {
            node.FailureReports.Add((reporter, core.Now));
            core.Log(ClusterLogLevel.Verbose, $"Node {reporter} reported node {node} as not reachable.");
        }

        MarkFailingByQuorum(node);
    }

    /// <summary>A master reports a node as reachable.</summary>
    public void RemoveReport(ClusterNode node, ClusterNode reporter)
    {
        if (node.FailureReports.RemoveAll(report => report.Reporter == reporter) == 0) return;
        core.Log(ClusterLogLevel.Verbose, $"Node {reporter} reported node {node} is back online.");
    }

    /// <summary>
    /// Number of voting masters whose report is not older than twice the node timeout. The quorum is one of the masters
    /// with slots, so a report stops counting when its reporter loses its last slot; redis-server 7.0 counts those of
    /// masters without slots, and one owner with some empty masters then fails nodes that all other owners reach.
    /// </summary>
    public int CountReports(ClusterNode node)
    {
        if (node.FailureReports.Count == 0) return 0;
        var oldest = core.Now - (core.Options.NodeTimeout * 2);
        node.FailureReports.RemoveAll(report => report.At < oldest || !report.Reporter.OwnsSlots);
        return node.FailureReports.Count;
    }

    /// <summary>FAIL message: a majority agreed.</summary>
    public void MarkFailingByMessage(ClusterNode sender, NodeId failing)
    {
        if (core.State.Find(failing) is not { } node || node.IsFailing || node.IsMyself) return;
        core.Log(ClusterLogLevel.Notice, $"FAIL message received from {sender} about {node}");
        MarkFailing(node);
    }

    /// <summary>A PONG came: the node is reachable.</summary>
    public void Answered(ClusterNode node)
    {
        node.PongReceivedAt = node.AnsweredAt = core.Now;
        node.PingSentAt = 0;
        node.HasAnswered = true;
        if (node.IsPossiblyFailing)
        {
            node.Flags &= ~NodeFlags.PossiblyFailing;
            core.Persist(sync: false);
            core.CheckState();
        }
        else if (node.IsFailing)
        {
            ClearFailing(node);
        }
    }

    private void PingOldest()
    {
        var nodes = core.State.Nodes.Values;
        ClusterNode? oldest = null;
        for (var i = 0; i < RandomPingCandidates; i++)
        {
            var node = nodes[core.Random.Next(nodes.Count)];
            if (node.IsMyself || node.IsInHandshake || !node.IsLinked || node.PingSentAt != 0) continue;
            if (oldest is null || node.PongReceivedAt < oldest.PongReceivedAt) oldest = node;
        }

        if (oldest is not null) core.Gossip.SendHeartbeat(oldest.Link, BusType.Ping);
    }

    /// <summary>
    /// A link on which nothing came for half the node timeout may be the trouble itself: try another.
    /// </summary>
    private void Reconnect(ClusterNode node)
    {
        if (node.Link is not { } link || node.PingSentAt == 0) return;
        var half = core.Options.NodeTimeout / 2;
        if (!link.IsEstablished && core.Now - link.CreatedAt > Math.Max(half, MinimumConnectTime))
        {
            core.CloseLink(link);
            return;
        }

        if (core.Now - link.CreatedAt <= core.Options.NodeTimeout) return;
        var unanswered = core.Now - node.PingSentAt;

        // What the node sends itself does not show that this link works: a lost ping would never be sent again, and a
        // FAIL never be taken back (seed 10004 of one minute).
        if (unanswered > core.Options.NodeTimeout * 2 || (unanswered > half && core.Now - node.DataReceivedAt > half))
            core.CloseLink(link);
    }

    private bool Suspect(ClusterNode node)
    {
        var silence = Math.Min(core.Now - node.PingSentAt, core.Now - node.DataReceivedAt);
        if (silence <= core.Options.NodeTimeout || node.IsPossiblyFailing || node.IsFailing) return false;
        node.Flags |= NodeFlags.PossiblyFailing;
        core.Log(ClusterLogLevel.Debug, $"*** NODE {node.Id} possibly failing");
        core.CheckState();
        MarkFailingByQuorum(node);
        return node.IsPossiblyFailing;
    }

    /// <summary>
    /// Tells masters of a new PFAIL at once, by a PONG, instead of with the pings of the next second: FAIL comes that
    /// much sooner.
    /// </summary>
    private void ShareSuspicions()
    {
        if (!core.Myself.OwnsSlots) return;
        var nodes = core.State.Nodes.Values;
        var first = core.Random.Next(nodes.Count);
        var sent = 0;
        for (var i = 0; i < nodes.Count && sent < MaximumSuspicionReceivers; i++)
        {
            var node = nodes[(first + i) % nodes.Count];
            if (node.IsMyself || !node.OwnsSlots || node.IsPossiblyFailing || node.IsFailing || !node.IsLinked)
                continue;
            core.Gossip.SendHeartbeat(node.Link, BusType.Pong);
            sent++;
        }
    }

    private void MarkFailingByQuorum(ClusterNode node)
    {
        if (!node.IsPossiblyFailing || node.IsFailing) return;
        var reports = CountReports(node);
        if (core.Myself.OwnsSlots) reports++;
        if (reports < core.State.Quorum) return;
        core.Log(ClusterLogLevel.Notice, $"Marking node {node} as failing (quorum reached).");
        MarkFailing(node);
        core.Messenger.Broadcast(BusType.Fail, new BusBody.Fail(node.Id));
    }

    private void MarkFailing(ClusterNode node)
    {
        node.Flags &= ~NodeFlags.PossiblyFailing;
        node.Flags |= NodeFlags.Failing;
        node.FailedAt = core.Now;
        core.Persist(sync: false);
        core.CheckState();
        if (core.Myself.Master == node) core.AdvanceElection();
    }

    private void ClearFailing(ClusterNode node)
    {
        if (node.IsReplica || node.Slots.IsEmpty)
        {
            var what = node.IsReplica ? "replica" : "master without slots";
            core.Log(ClusterLogLevel.Notice, $"Clear FAIL state for node {node}:{what} is reachable again.");
        }
        else if (core.Now - node.FailedAt > core.Options.NodeTimeout * 2)
        {
            core.Log(
                ClusterLogLevel.Notice,
                $"Clear FAIL state for node {node}: is reachable again and nobody is serving its slots after some "
                + "time.");
        }
        else
        {
            return;
        }

        node.Flags &= ~NodeFlags.Failing;
        core.Persist(sync: false);
        core.CheckState();
    }
}
