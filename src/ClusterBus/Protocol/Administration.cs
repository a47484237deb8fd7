using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// The operations of the CLUSTER command. Each returns the error reply without its dash, or null when it was done.
/// </summary>
internal sealed class Administration(MachineCore core)
{
    private const string NotAMaster = "ERR Please use SETSLOT only with masters.";

    private ClusterState State => core.State;

    public string? Meet(string ip, int port, int busPort) => core.Handshake.Start(ip, port, busPort);

    public string? Forget(NodeId id)
    {
        if (State.Find(id) is not { } node) return core.Gossip.IsForgotten(id) ? null : Unknown(id);
        if (node.IsMyself) return "ERR I tried hard but I can't forget myself...";
        if (core.Myself.Master == node) return "ERR Can't forget my master!";
        core.Gossip.Forget(id);
        core.RemoveNode(node);
        core.Persist(sync: false);
        return null;
    }

    public string? AddSlots(SlotSet slots)
    {
        // redis-server lets a replica take slots, and then has a replica that owns some.
        if (core.Myself.IsReplica) return "ERR Please use ADDSLOTS only with masters.";
        for (var slot = slots.Next(0); slot >= 0; slot = slots.Next(slot + 1))
        {
            if (State.OwnerOf(slot) is not null) return $"ERR Slot {slot} is already busy";
        }

        for (var slot = slots.Next(0); slot >= 0; slot = slots.Next(slot + 1))
        {
            State.Importing.Remove(slot);
            State.Assign(slot, core.Myself);
        }

        core.Persist(sync: false);
        core.CheckState();
        return null;
    }

    public string? DeleteSlots(SlotSet slots)
    {
        for (var slot = slots.Next(0); slot >= 0; slot = slots.Next(slot + 1))
        {
            if (State.OwnerOf(slot) is null) return $"ERR Slot {slot} is already unassigned";
        }

        for (var slot = slots.Next(0); slot >= 0; slot = slots.Next(slot + 1))
        {
            State.Importing.Remove(slot);
            State.Unassign(slot);
        }

        core.Persist(sync: false);
        core.CheckState();
        return null;
    }

    public string? FlushSlots(bool hasKeys)
    {
        if (hasKeys) return "ERR DB must be empty to perform CLUSTER FLUSHSLOTS.";
        State.UnassignAll(core.Myself);
        core.Persist(sync: false);
        core.CheckState();
        return null;
    }

    public string? SetSlotMigrating(int slot, NodeId id)
    {
        if (core.Myself.IsReplica) return NotAMaster;
        if (State.OwnerOf(slot) is not { IsMyself: true }) return $"ERR I'm not the owner of hash slot {slot}";
        if (State.Find(id) is not { } target) return $"ERR I don't know about node {id}";
        if (target.IsReplica) return "ERR Target node is not a master";
        State.Migrating[slot] = target;
        core.Persist(sync: false);
        core.CheckState();
        return null;
    }

    public string? SetSlotImporting(int slot, NodeId id)
    {
        if (core.Myself.IsReplica) return NotAMaster;
        if (State.OwnerOf(slot) is { IsMyself: true }) return $"ERR I'm already the owner of hash slot {slot}";
        if (State.Find(id) is not { } source) return $"ERR I don't know about node {id}";
        if (source.IsReplica) return "ERR Target node is not a master";
        State.Importing[slot] = source;
        core.Persist(sync: false);
        core.CheckState();
        return null;
    }

    public string? SetSlotStable(int slot)
    {
        if (core.Myself.IsReplica) return NotAMaster;
        State.Importing.Remove(slot);
        State.Migrating.Remove(slot);
        core.Persist(sync: false);
        core.CheckState();
        return null;
    }

    public string? SetSlotNode(int slot, NodeId id, bool slotHasKeys)
    {
        if (core.Myself.IsReplica) return NotAMaster;
        if (State.Find(id) is not { } owner) return Unknown(id);
        if (owner.IsReplica) return "ERR Target node is not a master";
        var wasMine = State.OwnerOf(slot) is { IsMyself: true };
        if (wasMine && !owner.IsMyself && slotHasKeys)
            return $"ERR Can't assign hashslot {slot} to a different node while I still hold keys for this hash slot.";
        if (!slotHasKeys) State.Migrating.Remove(slot);
        State.Migrating.TryGetValue(slot, out var migratingTo);
        State.Assign(slot, owner);
        if (owner.IsMyself && migratingTo is not null) State.Migrating[slot] = migratingTo;

        // A claim must outlive a power cut once others have heard of it, whether it needs a new epoch or not: the former
        // owner gives the slot away, and nobody else would take it.
        core.Persist(sync: owner.IsMyself && !wasMine);
        core.CheckState();
        if (wasMine && !owner.IsMyself && core.Myself.Slots.IsEmpty && core.Options.AllowReplicaMigration)
        {
            core.Log(
                ClusterLogLevel.Notice,
                $"Configuration change detected. Reconfiguring myself as a replica of {owner}");
            core.BecomeReplicaOf(owner);
        }

        if (!owner.IsMyself || !State.Importing.Remove(slot)) return null;

        // The new owner's claim needs an epoch that beats the old owner's.
        if (core.SlotClaims.BumpEpoch())
            core.Log(ClusterLogLevel.Notice, $"configEpoch updated after importing slot {slot}");
        core.Gossip.AnnounceWhenDurable();
        return null;
    }

    public string? Replicate(NodeId id, bool hasKeys)
    {
        if (State.Find(id) is not { } master) return Unknown(id);
        if (master.IsMyself) return "ERR Can't replicate myself";
        if (master.IsReplica) return "ERR I can only replicate a master, not a replica.";
        if (core.Myself.IsMaster && (hasKeys || !core.Myself.Slots.IsEmpty))
            return "ERR To set a master the node must be empty and without assigned slots.";
        core.BecomeReplicaOf(master);
        return null;
    }

    public string? Reset(bool hard, bool hasKeys)
    {
        var myself = core.Myself;
        if (myself.IsMaster && hasKeys) return "ERR CLUSTER RESET can't be called with master nodes containing keys";
        if (myself.IsReplica)
        {
            core.SetAsMaster(myself);
            core.StopReplicating();
            core.Emit(new ClusterEffect.FlushAll());

            // It is a shard of its own from now on. With the former one's id there were two masters in that, and whoever
            // moved from one to the other would be taken for having its data.
            myself.ShardId = core.Random.NextNodeId();
        }

        State.CloseAllSlots();
        core.ManualFailover.Reset();
        core.Election.Reset();
        State.UnassignAll(myself);
        foreach (var node in State.Nodes.Values.ToArray())
        {
            if (node.IsMyself) continue;
            core.RemoveNode(node);
        }

        core.CloseAllLinks();
        core.Gossip.ForgetNothing();
        if (hard) ResetIdentity(myself);
        core.Persist(sync: true);
        core.Durability.Forget();
        core.CheckState();
        return null;
    }

    public string? SetConfigEpoch(ulong epoch)
    {
        if (State.Nodes.Count > 1)
            return "ERR The user can assign a config epoch only when the node does not know any other node.";
        if (core.Myself.ConfigEpoch != 0) return "ERR Node config epoch is already non-zero";
        core.Myself.ConfigEpoch = epoch;
        core.Log(ClusterLogLevel.Notice, $"configEpoch set to {epoch} via CLUSTER SET-CONFIG-EPOCH");
        State.CurrentEpoch = Math.Max(State.CurrentEpoch, epoch);
        core.Persist(sync: true);
        core.CheckState();
        return null;
    }

    /// <summary>Brings slots and loaded keys into agreement.</summary>
    public void ReconcileWithData(SlotSet slotsWithKeys)
    {
        if (core.Myself.IsReplica) return;
        var changed = false;
        for (var slot = slotsWithKeys.Next(0); slot >= 0; slot = slotsWithKeys.Next(slot + 1))
        {
            var owner = State.OwnerOf(slot);
            if (owner is { IsMyself: true } || State.Importing.ContainsKey(slot)) continue;
            changed = true;
            if (owner is null)
            {
                core.Log(
                    ClusterLogLevel.Notice,
                    $"I have keys for unassigned slot {slot}. Taking responsibility for it.");
                State.Assign(slot, core.Myself);
            }
            else
            {
                core.Log(
                    ClusterLogLevel.Notice,
                    $"I have keys for slot {slot}, but the slot is assigned to another node. Setting it to "
                    + "importing state.");
                State.Importing[slot] = owner;
            }
        }

        if (!changed) return;
        core.Persist(sync: true);
        core.CheckState();
    }

    private static string Unknown(NodeId id) => $"ERR Unknown node {id}";

    private void ResetIdentity(ClusterNode myself)
    {
        State.CurrentEpoch = 0;
        State.LastVoteEpoch = 0;
        myself.ConfigEpoch = 0;
        core.Log(ClusterLogLevel.Notice, "configEpoch set to 0 via CLUSTER RESET HARD");
        State.Nodes.Remove(myself.Id);
        myself.Id = core.Random.NextNodeId();
        myself.ShardId = core.Random.NextNodeId();
        State.Nodes.Add(myself.Id, myself);
        core.Log(ClusterLogLevel.Notice, $"Node hard reset, now I'm {myself.Id}");
    }
}
