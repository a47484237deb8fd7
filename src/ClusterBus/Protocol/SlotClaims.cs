using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;
using Starling.Slots;

namespace Starling.ClusterBus.Protocol;

/// <summary>Who owns which slot: the claim with the higher config epoch wins.</summary>
internal sealed class SlotClaims(MachineCore core)
{
    /// <summary>A heartbeat's role, slots and epoch.</summary>
    public void ProcessHeartbeat(ClusterNode sender, BusMessage message)
    {
        if (!UpdateRole(sender, message)) return;
        var owner = sender.IsMaster ? sender : sender.Master;
        var differs = owner is not null && !owner.Slots.Equals(message.Slots);
        if (differs && sender.IsMaster) Apply(sender, message.ConfigEpoch, message.Slots);
        if (differs) CorrectStaleClaims(sender, message);
        if (core.Myself.IsMaster && sender.IsMaster && message.ConfigEpoch == core.Myself.ConfigEpoch)
            ResolveCollision(sender);
    }

    /// <summary>UPDATE: another node knows a newer configuration of a master.</summary>
    public void ProcessUpdate(BusBody.Update update)
    {
        if (core.State.Find(update.Node) is not { } node || node.IsInHandshake) return;
        var known = Math.Max(node.ConfigEpoch, node.Master?.ConfigEpoch ?? 0);
        if (known > update.ConfigEpoch) return;
        if (known == update.ConfigEpoch)
        {
            ApplyMissing(node, update.Slots);
            return;
        }

        if (node.IsMyself)
        {
            core.Log(ClusterLogLevel.Notice, "Discarding UPDATE message about myself.");
            return;
        }

        if (node.IsReplica) core.SetAsMaster(node);
        node.ConfigEpoch = update.ConfigEpoch;
        core.Persist(sync: true);
        core.ViewChanged();
        Apply(node, update.ConfigEpoch, update.Slots);
    }

    /// <summary>
    /// An UPDATE whose epoch is known already, and perhaps no more than that: a replica tells its master's epoch, and not its slots.
    /// Who drops such an UPDATE, as redis-server does, may serve for ever what is another's, if it never hears that one itself.
    /// What the master was known to own stays: the message can be older than that.
    /// </summary>
    private void ApplyMissing(ClusterNode node, SlotSet slots)
    {
        if (node.IsMyself || node.IsReplica || node.Slots.Includes(slots)) return;
        var claimed = node.Slots.Copy();
        for (var slot = slots.Next(0); slot >= 0; slot = slots.Next(slot + 1)) claimed.Add(slot);
        Apply(node, node.ConfigEpoch, claimed);
    }

    /// <summary>
    /// A new config epoch without anyone's consent: for takeovers, imports and CLUSTER BUMPEPOCH. False when this node
    /// has the highest already.
    /// </summary>
    public bool BumpEpoch()
    {
        var myself = core.Myself;
        if (myself.ConfigEpoch != 0 && myself.ConfigEpoch == core.State.MaximumEpoch()) return false;
        core.State.CurrentEpoch = core.State.MaximumEpoch() + 1;
        myself.ConfigEpoch = core.State.CurrentEpoch;
        core.Persist(sync: true);
        core.ViewChanged();
        core.Log(ClusterLogLevel.Notice, $"New configEpoch set to {myself.ConfigEpoch}");
        return true;
    }

    /// <summary>
    /// Role as announced. False when the message is older than what is known and must not be looked at further.
    /// </summary>
    private bool UpdateRole(ClusterNode sender, BusMessage message)
    {
        if (message.Master.IsNone)
        {
            // A replica that owns nothing as a master was reset, and is of its former shard no more. A redis-server 7.0 does
            // not say of which it is; whoever does says it in this message.
            if (sender.IsReplica && message.Slots.IsEmpty) sender.ShardId = core.Random.NextNodeId();
            core.SetAsMaster(sender);
            return true;
        }

        var master = core.State.Find(message.Master);
        if (master == sender) return false;
        if (sender.IsMaster)
        {
            // Sent before its promotion and overtaken by the news of it.
            if (message.ConfigEpoch < sender.ConfigEpoch && core.Now - sender.PromotedAt < core.Options.NodeTimeout)
            {
                core.Log(
                    ClusterLogLevel.Notice,
                    $"Ignore stale message from {sender} in shard {sender.ShardId}; gossip config epoch: "
                    + $"{message.ConfigEpoch}, current config epoch: {sender.ConfigEpoch}");
                return false;
            }

            Demote(sender, master, message);
        }
        else if (!sender.IsReplica)
        {
            sender.Flags |= NodeFlags.Replica;
            core.CheckState();
        }

        if (master is null) return true;
        if (sender.Master != master)
        {
            core.State.SetMasterOf(sender, master);
            ClusterState.SetShard(sender, master.ShardId);
            core.Persist(sync: false);
            core.CheckState();
        }

        // Whom it follows may have been unknown here when it became a replica.
        if (sender == core.Myself.Master) FollowGrandmaster(master);
        return true;
    }

    private void Demote(ClusterNode sender, ClusterNode? master, BusMessage message)
    {
        var isFailover = master is not null && !master.IsMyself && master.ShardId == sender.ShardId
            && message.ConfigEpoch >= sender.ConfigEpoch
            && message.ConfigEpoch >= master.ConfigEpoch;
        if (isFailover && master is not null)
        {
            var slots = core.State.MoveAll(sender, master);
            core.SetAsMaster(master);
            master.ConfigEpoch = message.ConfigEpoch;
            core.Log(
                ClusterLogLevel.Notice,
                $"A failover occurred in shard {sender.ShardId}; node {sender} lost {slots} slot(s) to node "
                + $"{master} with a config epoch of {master.ConfigEpoch}");
        }
        else
        {
            var slots = core.State.UnassignAll(sender);
            core.Log(
                ClusterLogLevel.Notice,
                $"Node {sender} is no longer master of shard {sender.ShardId}; removed all {slots} slot(s) it "
                + "used to own");
            if (master is not null)
                core.Log(ClusterLogLevel.Notice, $"Node {sender} is now part of shard {master.ShardId}");
        }

        sender.Flags &= ~(NodeFlags.Master | NodeFlags.MigrateTo);
        sender.Flags |= NodeFlags.Replica;
        core.Persist(sync: true);
        core.CheckState();
    }

    /// <summary>
    /// This node's master is a replica itself: follow its master. redis-server looks at it only when somebody claims slots,
    /// and stays a replica of a replica when it learns of the new master later than of the claim.
    /// </summary>
    private void FollowGrandmaster(ClusterNode grandmaster)
    {
        if (grandmaster.IsMyself) return;
        core.Log(
            ClusterLogLevel.Notice,
            $"I'm a sub-replica! Reconfiguring myself as a replica of grandmaster {grandmaster}");
        core.BecomeReplicaOf(grandmaster);
    }

    /// <summary>
    /// Binds slots to the node that claims them with a higher epoch, and follows where this node's own slots go.
    /// </summary>
    private void Apply(ClusterNode claimer, ulong epoch, SlotSet claimed)
    {
        var state = core.State;
        var shardMaster = state.ShardMaster;
        var lost = new SlotSet();
        var taken = 0;
        var changed = false;
        for (var slot = 0; slot < HashSlot.Count; slot++)
        {
            var owner = state.OwnerOf(slot);
            if (!claimed.Contains(slot))
            {
                if (owner == claimer) state.MarkUnclaimed(slot);
                continue;
            }

            if (owner == claimer)
            {
                state.MarkClaimed(slot);
                continue;
            }

            // A slot that is being imported changes hands by the hand of the one who moves it.
            if (state.Importing.ContainsKey(slot)) continue;
            if (!state.IsUnclaimed(slot) && owner!.ConfigEpoch >= epoch) continue;
            if (owner is not null && owner.IsMyself) lost.Add(slot);
            if (owner is not null && owner == shardMaster) taken++;
            state.Assign(slot, claimer);
            changed = true;
        }

        if (changed)
        {
            core.Persist(sync: true);
            core.CheckState();
        }

        FollowClaimer(claimer, claimed.Count, shardMaster, taken, lost);
    }

    private void FollowClaimer(ClusterNode claimer, int claimedCount, ClusterNode? shardMaster, int taken, SlotSet lost)
    {
        var isEmptied = taken > 0 && shardMaster!.Slots.IsEmpty;
        if (isEmptied && (core.Options.AllowReplicaMigration || claimedCount == taken))
        {
            core.Log(
                ClusterLogLevel.Notice,
                $"Configuration change detected. Reconfiguring myself as a replica of {claimer}");
            core.BecomeReplicaOf(claimer);
        }
        else if (core.Myself.Master?.Master is { IsMyself: false } grandmaster)
        {
            FollowGrandmaster(grandmaster);
        }
        else if (!lost.IsEmpty)
        {
            core.ViewChangedHere();
            core.Durability.Hold(new ClusterEffect.DeleteKeysInSlots(lost));
        }
    }

    /// <summary>The sender claims slots whose owner has a higher epoch: tell it, once for each such owner.</summary>
    private void CorrectStaleClaims(ClusterNode sender, BusMessage message)
    {
        var told = new SortedSet<NodeId>();
        for (var slot = message.Slots.Next(0); slot >= 0; slot = message.Slots.Next(slot + 1))
        {
            if (core.State.OwnerOf(slot) is not { } owner || owner == sender || core.State.IsUnclaimed(slot)) continue;
            if (owner.ConfigEpoch <= message.ConfigEpoch || !told.Add(owner.Id)) continue;
            core.Log(
                ClusterLogLevel.Verbose,
                $"Node {sender.Id} has old slots configuration, sending an UPDATE message about {owner.Id}");
            core.Messenger.SendUpdate(sender.Link, owner);
        }
    }

    /// <summary>Two masters with one config epoch: the one whose name sorts first takes a new epoch.</summary>
    private void ResolveCollision(ClusterNode sender)
    {
        var myself = core.Myself;
        if (sender.ConfigEpoch != myself.ConfigEpoch || sender.Id < myself.Id) return;
        core.State.CurrentEpoch++;
        myself.ConfigEpoch = core.State.CurrentEpoch;
        core.Persist(sync: true);
        core.ViewChanged();
        core.Log(
            ClusterLogLevel.Verbose,
            $"WARNING: configEpoch collision with node {sender}. configEpoch set to {myself.ConfigEpoch}");
    }
}
