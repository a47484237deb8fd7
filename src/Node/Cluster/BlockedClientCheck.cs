using Starling.Node.Execution;

namespace Starling.Node.Cluster;

/// <summary>
/// Sends blocked clients elsewhere when the slot of their keys has moved or the cluster is down: their commands are
/// dispatched anew after a change of the routing table, so that the gate decides; who may stay keeps the place in line.
/// </summary>
internal sealed class BlockedClientCheck
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly KeyWaiters _waiters;
    private readonly ClusterService _cluster;
    private RoutingTable _seen = RoutingTable.Empty;

    /// <summary>Makes the check and registers it with the cron.</summary>
    public BlockedClientCheck(ServerCron cron, KeyWaiters waiters, ClusterService cluster)
    {
        _waiters = waiters;
        _cluster = cluster;
        cron.Every(Period, _ => Run());
    }

    private void Run()
    {
        var routing = _cluster.Routing;
        if (ReferenceEquals(routing, _seen)) return;
        _seen = routing;
        foreach (var waiter in _waiters.Snapshot()) waiter.Session.Connection!.ScheduleResume();
    }
}
