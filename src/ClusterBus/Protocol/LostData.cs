using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// A master that comes back without its data while its replicas have them must not serve, and above all not be
/// replicated from: that would empty them too, and every acknowledged write were gone. It tells the others that it has
/// failed, so that they let one of its replicas take its place, and becomes a replica of that one. It goes on as a master
/// when no replica has anything to lose (cluster-allow-empty-master says that it may at once).
/// </summary>
internal sealed class LostData(MachineCore core)
{
    private const long MinimumPatience = 5000;

    // A replica that is not in nodes.conf yet makes itself known in the time in which a master serves nobody anyway.
    private const long PatienceForUnknown = 2000;
    private const long RelogPeriod = 10_000;

    private long _since;
    private long _patience;
    private long _loggedAt;
    private long _toldAt = long.MinValue / 2;

    /// <summary>This node waits to be replaced.</summary>
    public bool IsWaiting => core.State.HasLostData && core.Myself.OwnsSlots;

    /// <summary>The node has started, and what it had is gone.</summary>
    public void Begin()
    {
        var myself = core.Myself;
        if (core.Options.AllowEmptyMaster || !myself.OwnsSlots || core.State.Nodes.Count == 1) return;
        core.State.HasLostData = true;
        _since = _loggedAt = core.Now;
        _patience = Replicas().Any()
            ? Math.Max(core.Options.NodeTimeout * 2, MinimumPatience)
            : PatienceForUnknown;
        core.Log(
            ClusterLogLevel.Warning,
            "This master has started without any data, and replicas may have them: it serves neither clients nor "
            + "replicas until one of them has taken its place, or none has data (see 'cluster-allow-empty-master').");
    }

    /// <summary>Looks whether the waiting is over. True when it ended now.</summary>
    public bool Tick()
    {
        if (!core.State.HasLostData) return false;
        if (WhyOver() is not { } reason)
        {
            Resign();
            Remind();
            return false;
        }

        core.State.HasLostData = false;
        core.ViewChanged();
        core.Log(ClusterLogLevel.Notice, $"The wait for a replica with data is over: {reason}.");
        return true;
    }

    private string? WhyOver()
    {
        if (!core.Myself.OwnsSlots) return "another node has the slots now";
        if (core.Options.AllowEmptyMaster) return "cluster-allow-empty-master is set";
        if (IsDataElsewhere()) return null;
        if (core.Now - _since < PatienceForUnknown) return null;
        if (Replicas().Any() && Replicas().All(HasSpoken)) return "no replica has data";

        // Whoever is gone cannot take over, and has to load what there is when it comes back.
        return core.Now - _since >= _patience ? "no replica that can be heard has data" : null;
    }

    private static bool MayNotStand(ClusterNode replica) => (replica.Flags & NodeFlags.NoFailover) != 0;

    private bool HasSpoken(ClusterNode replica) => replica.DataReceivedAt >= _since;

    private bool IsDataElsewhere() => Replicas().Any(replica => HasSpoken(replica) && replica.ReplicationOffset > 0);

    /// <summary>
    /// The replicas of this shard. Whoever has not told since the last failover that it follows this master is known as a
    /// replica of the former one, or as that, and has data all the same.
    /// </summary>
    private IEnumerable<ClusterNode> Replicas() => core.State.Nodes.Values.Where(IsOfThisShard);

    private bool IsOfThisShard(ClusterNode node)
    {
        if (node.IsMyself || node.OwnsSlots) return false;
        var isFollower = node.Master is { } master && (master.IsMyself || master.Master is { IsMyself: true });

        // Who follows another that serves has that one's data, and does not take this node's place.
        return isFollower || (node.ShardId == core.Myself.ShardId && node.Master is not { OwnsSlots: true });
    }

    // Nobody takes a node for failed that answers: it has to say so itself, and again when the others have forgotten it.
    private void Resign()
    {
        if (core.Now - _toldAt < core.Options.NodeTimeout || !IsDataElsewhere()) return;
        _toldAt = core.Now;
        core.Messenger.Broadcast(BusType.Fail, new BusBody.Fail(core.Myself.Id));
    }

    private void Remind()
    {
        if (core.Now - _loggedAt < RelogPeriod) return;
        _loggedAt = core.Now;
        core.Log(
            ClusterLogLevel.Warning,
            "This master is still without data and waits for one of its replicas to take its place: ask one by CLUSTER "
            + (Replicas().All(MayNotStand) ? "FAILOVER FORCE (cluster-replica-no-failover keeps them from it)" : "FAILOVER TAKEOVER")
            + ", or set 'cluster-allow-empty-master' to give their data up.");
    }
}
