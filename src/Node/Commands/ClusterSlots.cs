using System.Globalization;
using Starling.ClusterBus.View;
using Starling.Node.Cluster;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Commands;

/// <summary>The subcommands of CLUSTER about slots and the keys in them.</summary>
public static class ClusterSlots
{
    private const CommandFlags Change = CommandFlags.Admin | CommandFlags.Stale | CommandFlags.NoAsyncLoading;

    /// <summary>The rows of the subcommands.</summary>
    public static readonly Command[] Rows =
    [
        Row("addslots", -3, Change, AddSlots, "<slot> [<slot> ...]", "Assigns hash slots to this node."),
        Row("addslotsrange", -4, Change, AddSlotsRange, "<start slot> <end slot> [<start slot> <end slot> ...]",
            "Assigns ranges of hash slots to this node.", "7.0.0"),
        Row("delslots", -3, Change, DeleteSlots, "<slot> [<slot> ...]",
            "Takes the owner from hash slots, as this node sees it."),
        Row("delslotsrange", -4, Change, DeleteSlotsRange, "<start slot> <end slot> [<start slot> <end slot> ...]",
            "Takes the owner from ranges of hash slots, as this node sees it.", "7.0.0"),
        Row("flushslots", 2, Change, FlushSlots, "", "Takes all hash slots from this node."),
        Row("setslot", -4, Change, SetSlot, "<slot> (IMPORTING <node-id>|MIGRATING <node-id>|STABLE|NODE <node-id>)",
            "Says who owns a hash slot, or where it is moving."),
        Row("keyslot", 3, CommandFlags.Stale, KeySlot, "<key>", "Returns the hash slot of a key."),
        Row("countkeysinslot", 3, CommandFlags.Stale, CountKeysInSlot, "<slot>",
            "Returns the number of keys in a hash slot of this node."),
        Row("getkeysinslot", 4, CommandFlags.Stale, GetKeysInSlot, "<slot> <count>",
            "Returns names of keys in a hash slot of this node.", tips: ["nondeterministic_output"]),
    ];

    /// <summary>Reads a slot, or replies that it is none.</summary>
    internal static bool TrySlot(CommandContext call, int index, out int slot)
    {
        slot = 0;
        if (!ArgumentParser.TryInteger(call[index], out long value) || value is < 0 or >= HashSlot.Count)
        {
            call.Reply.Error("ERR Invalid or out of range slot"u8);
            return false;
        }

        slot = (int)value;
        return true;
    }

    /// <summary>
    /// Reads single slots, from the third argument on, or replies with the error.
    /// </summary>
    internal static bool TrySlots(CommandContext call, out List<int> slots)
    {
        slots = [];
        for (var i = 2; i < call.Count; i++)
        {
            if (!TrySlot(call, i, out var slot)) return false;
            slots.Add(slot);
        }

        return true;
    }

    /// <summary>Reads pairs of first and last slot, from the third argument on, or replies with the error.</summary>
    internal static bool TryRanges(CommandContext call, out List<int> slots)
    {
        slots = [];
        if (call.Count % 2 == 1)
        {
            call.Reply.Error($"ERR wrong number of arguments for '{call.Command.FullName}' command");
            return false;
        }

        for (var i = 2; i < call.Count; i += 2)
        {
            if (!TrySlot(call, i, out var first) || !TrySlot(call, i + 1, out var last)) return false;
            if (first > last)
            {
                call.Reply.Error(string.Create(
                    CultureInfo.InvariantCulture,
                    $"ERR start slot number {first} is greater than end slot number {last}"));
                return false;
            }

            // More than all slots names one twice; what would follow changes nothing about that.
            if (slots.Count <= HashSlot.Count) slots.AddRange(Enumerable.Range(first, last - first + 1));
        }

        return true;
    }

    /// <summary>
    /// Makes a set of slots in the order they were named: null, or the error about the first that cannot be.
    /// </summary>
    internal static string? Check(ClusterView view, List<int> slots, bool delete, SlotSet set)
    {
        foreach (var slot in slots)
        {
            var isOwned = view.OwnerOf(slot) is not null;
            string? fault = null;
            if (delete && !isOwned) fault = "is already unassigned";
            else if (!delete && isOwned) fault = "is already busy";
            else if (!set.Add(slot)) fault = "specified multiple times";
            if (fault is not null) return string.Create(CultureInfo.InvariantCulture, $"ERR Slot {slot} {fault}");
        }

        return null;
    }

    private static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        CommandHandler handler,
        string arguments,
        string summary,
        string since = "3.0.0",
        string[]? tips = null) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            Locks = LockMode.None,
            Group = "cluster",
            ArgumentsHelp = arguments,
            Tips = tips ?? [],
            Summary = summary,
            Since = since,
        };

    private static void AddSlots(CommandContext call)
    {
        if (ClusterCommands.TryCluster(call, out var cluster) && TrySlots(call, out var slots))
            Assign(call, cluster, slots);
    }

    private static void AddSlotsRange(CommandContext call)
    {
        if (ClusterCommands.TryCluster(call, out var cluster) && TryRanges(call, out var slots))
            Assign(call, cluster, slots);
    }

    private static void DeleteSlots(CommandContext call)
    {
        if (ClusterCommands.TryCluster(call, out var cluster) && TrySlots(call, out var slots))
            Unassign(call, cluster, slots);
    }

    private static void DeleteSlotsRange(CommandContext call)
    {
        if (ClusterCommands.TryCluster(call, out var cluster) && TryRanges(call, out var slots))
            Unassign(call, cluster, slots);
    }

    private static void Assign(CommandContext call, ClusterService cluster, List<int> slots) =>
        cluster.Execute(call, default, (machine, now, effects) =>
        {
            var set = new SlotSet();
            var view = machine.Snapshot();
            var fault = view.Myself.IsReplica ? null : Check(view, slots, delete: false, set);
            return fault ?? machine.AddSlots(set, now, effects);
        });

    private static void Unassign(CommandContext call, ClusterService cluster, List<int> slots)
    {
        var stripes = default(StripeSet);
        foreach (var slot in slots) stripes.AddSlot(slot);
        cluster.Execute(call, stripes, (machine, now, effects) =>
        {
            var set = new SlotSet();
            return Check(machine.Snapshot(), slots, delete: true, set) ?? machine.DeleteSlots(set, now, effects);
        });
    }

    private static void FlushSlots(CommandContext call)
    {
        if (!ClusterCommands.TryCluster(call, out var cluster)) return;
        var database = call.Keyspace[0];
        cluster.Execute(
            call, StripeSet.All, (machine, now, effects) => machine.FlushSlots(database.Count != 0, now, effects));
    }

    private static void SetSlot(CommandContext call)
    {
        if (!ClusterCommands.TryCluster(call, out var cluster)) return;
        if (cluster.Host.Snapshot().Myself.IsReplica)
        {
            call.Reply.Error("ERR Please use SETSLOT only with masters."u8);
            return;
        }

        if (!TrySlot(call, 2, out var slot)) return;
        var stripe = default(StripeSet);
        stripe.AddSlot(slot);
        if (call.Count == 4 && call.Is(3, "stable"u8))
        {
            cluster.Execute(call, stripe, (machine, now, effects) => machine.SetSlotStable(slot, now, effects));
            return;
        }

        if (call.Count != 5 || SlotAction(call) is not { } action)
        {
            call.Reply.Error("ERR Invalid CLUSTER SETSLOT action or number of arguments. Try CLUSTER HELP"u8);
            return;
        }

        var node = ClusterCommands.NodeNamed(call, 4, out var name);
        var database = call.Keyspace[0];
        cluster.Execute(call, stripe, (machine, now, effects) => action switch
        {
            Action.Migrating => machine.SetSlotMigrating(slot, node, now, effects).Naming(node, name),
            Action.Importing => machine.SetSlotImporting(slot, node, now, effects).Naming(node, name),
            _ => machine.SetSlotNode(slot, node, database.CountInSlot(slot) != 0, now, effects).Naming(node, name),
        });
    }

    private static Action? SlotAction(CommandContext call)
    {
        if (call.Is(3, "migrating"u8)) return Action.Migrating;
        if (call.Is(3, "importing"u8)) return Action.Importing;
        return call.Is(3, "node"u8) ? Action.Node : null;
    }

    private static void KeySlot(CommandContext call)
    {
        if (ClusterCommands.TryCluster(call, out _)) call.Reply.Integer(HashSlot.Of(call[2]));
    }

    private static void CountKeysInSlot(CommandContext call)
    {
        if (!ClusterCommands.TryCluster(call, out _) || !call.TryInteger(2, out long slot)) return;
        if (slot is < 0 or >= HashSlot.Count)
        {
            call.Reply.Error("ERR Invalid slot"u8);
            return;
        }

        using var scope = call.Part((int)slot);
        call.Reply.Integer(call.Keyspace[0].CountInSlot((int)slot));
    }

    private static void GetKeysInSlot(CommandContext call)
    {
        if (!ClusterCommands.TryCluster(call, out _)) return;
        if (!call.TryInteger(2, out long slot) || !call.TryInteger(3, out long count)) return;
        if (slot is < 0 or >= HashSlot.Count || count < 0)
        {
            call.Reply.Error("ERR Invalid slot or number of keys"u8);
            return;
        }

        List<byte[]> keys;
        using (call.Part((int)slot))
            keys = SlotKeys.Take(call.Keyspace[0], (int)slot, (int)Math.Min(count, int.MaxValue));
        call.Reply.Array(keys.Count);
        foreach (var key in keys) call.Reply.Bulk(key);
    }

    private enum Action
    {
        Migrating,
        Importing,
        Node,
    }
}
