using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Protocol;

/// <summary>A replica that its master can spare moves to a master that has lost all of its own.</summary>
internal sealed class ReplicaMigration(MachineCore core)
{
    private const long OrphanedFor = 5000;

    public void Tick()
    {
        if (!core.Options.AllowReplicaMigration || core.Myself is not { IsReplica: true, Master: { } mine }) return;

        // A master that does not answer on the replication link may have lost its data, and this may be the last copy:
        // whoever moves on empties it. redis-server does not look.
        if (!core.ReplicaData.IsLinkUp) return;
        var most = 0;
        var anyOrphan = false;
        foreach (var node in core.State.Nodes.Values)
        {
            if (!node.IsMaster || node.IsFailing || node.IsInHandshake || !node.HasAddress) continue;
            var working = CountWorking(node);
            most = Math.Max(most, working);
            anyOrphan |= working == 0 && node.Slots.Count > 0 && (node.Flags & NodeFlags.MigrateTo) != 0;
        }

        if (anyOrphan && most >= 2 && !mine.IsFailing && CountWorking(mine) == most) Consider(mine, most);
    }

    private static int CountWorking(ClusterNode master)
    {
        var working = 0;
        foreach (var replica in master.Replicas)
        {
            if (!replica.IsFailing) working++;
        }

        return working;
    }

    private void Consider(ClusterNode mine, int most)
    {
        if (core.State.Health != ClusterHealth.Ok) return;
        var spare = 0;
        foreach (var replica in mine.Replicas)
        {
            if (!replica.IsFailing && !replica.IsPossiblyFailing) spare++;
        }

        if (spare <= core.Options.MigrationBarrier) return;
        ClusterNode? target = null;
        var candidate = core.Myself;
        foreach (var node in core.State.Nodes.Values)
        {
            var working = node.IsMaster ? CountWorking(node) : 0;
            var isOrphan = node.IsMaster && !node.IsFailing && (node.Flags & NodeFlags.MigrateTo) != 0 && working == 0;
            if (!isOrphan) node.OrphanedAt = 0;
            else if (node.OrphanedAt == 0) node.OrphanedAt = core.Now;
            if (isOrphan && node.Slots.Count > 0) target ??= node;
            if (working != most) continue;
            foreach (var replica in node.Replicas)
            {
                if (replica.Id < candidate.Id) candidate = replica;
            }
        }

        if (target is null || !candidate.IsMyself || core.Now - target.OrphanedAt <= OrphanedFor) return;
        core.Log(ClusterLogLevel.Notice, $"Migrating to orphaned master {target.Id}");
        core.BecomeReplicaOf(target);
    }
}
