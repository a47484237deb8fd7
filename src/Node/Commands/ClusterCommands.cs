using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Node.Cluster;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Commands;

/// <summary>
/// CLUSTER (its subcommands about slots are in <see cref="ClusterSlots"/>), ASKING, READONLY, READWRITE.
/// </summary>
public static class ClusterCommands
{
    private const CommandFlags Change = CommandFlags.Admin | CommandFlags.Stale | CommandFlags.NoAsyncLoading;
    private const CommandFlags Inspect = CommandFlags.Admin | CommandFlags.Stale;
    // What tools poll is answered also while a replica loads its master's data; Redis loads a small data set at one go,
    // unseen.
    private const CommandFlags Look = CommandFlags.Loading | CommandFlags.Stale;
    private const CommandFlags Mode = CommandFlags.Fast | CommandFlags.Loading | CommandFlags.Stale;

    /// <summary>The reply differs from call to call.</summary>
    private static readonly string[] Varying = ["nondeterministic_output"];

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("cluster", -2, CommandFlags.None, KeySpec.None, null)
        {
            Locks = LockMode.None,
            Group = "cluster",
            Since = "3.0.0",
            Summary = "A container for Redis Cluster commands.",
            Subcommands =
            [
                .. ClusterSlots.Rows,
                Row("info", 2, Look, Info, "", "Returns the state of the cluster as this node sees it.", tips: Varying),
                Row("nodes", 2, Look, Nodes, "", "Returns the nodes of the cluster, one per line: "
                    + "<id> <ip:port@bus-port[,hostname]> <flags> <master> <pings> <pongs> <epoch> <link> <slot> ...", tips: Varying),
                Row("slots", 2, Look, SlotMap, "",
                    "Returns ranges of hash slots with the addresses of their master and replicas.", tips: Varying),
                Row("shards", 2, Look, Shards, "",
                    "Returns the shards: their hash slots and their nodes.", "7.0.0", tips: Varying),
                Row("links", 2, CommandFlags.Stale, Links, "",
                    "Returns the links of the cluster bus to and from other nodes.", "7.0.0", tips: Varying),
                Row("myid", 2, Look, MyId, "", "Returns this node's id."),
                Row("myshardid", 2, Look, MyShardId, "", "Returns the id of this node's shard.", "7.2.0"),
                Row("replicas", 3, Inspect, Replicas, "<node-id>", "Returns the replicas of a master.", "5.0.0", tips: Varying),
                Row("slaves", 3, Inspect, Replicas, "<node-id>", "Returns the replicas of a master.", tips: Varying),
                Row("count-failure-reports", 3, Inspect, CountFailureReports, "<node-id>",
                    "Returns how many masters report a node as failing.", tips: Varying),
                Row("meet", -4, Change, Meet, "<ip> <port> [<bus-port>]", "Makes this node meet another one."),
                Row("forget", 3, Change, Forget, "<node-id>", "Removes a node from this node's view."),
                Row("replicate", 3, Change, Replicate, "<node-id>", "Makes this node a replica of a master."),
                Row("failover", -2, Change, Failover, "[FORCE|TAKEOVER]",
                    "Makes this replica the master of its shard."),
                Row("reset", -2, Inspect | CommandFlags.NoScript, Reset, "[HARD|SOFT]",
                    "Makes this node forget the cluster."),
                Row("saveconfig", 2, Change, SaveConfig, "", "Writes the state of the cluster to this node's disk."),
                Row("set-config-epoch", 3, Change, SetConfigEpoch, "<epoch>", "Sets the config epoch of a new node."),
                Row("bumpepoch", 2, Change, BumpEpoch, "", "Gives this node a new, highest config epoch.", tips: Varying),
            ],
        },
        new("asking", 1, CommandFlags.Fast, KeySpec.None, Asking)
        {
            KeepsAsking = true,
            Locks = LockMode.None,
            Group = "cluster",
            Since = "3.0.0",
            AclCategories = ["connection"],
            Summary = "Lets the next command touch a hash slot that is being imported.",
        },
        new("readonly", 1, Mode, KeySpec.None, ReadOnly)
        {
            Locks = LockMode.None,
            Group = "cluster",
            Since = "3.0.0",
            AclCategories = ["connection"],
            Summary = "Lets a replica in a cluster answer this connection's reads.",
        },
        new("readwrite", 1, Mode, KeySpec.None, ReadWrite)
        {
            Locks = LockMode.None,
            Group = "cluster",
            Since = "3.0.0",
            AclCategories = ["connection"],
            Summary = "Ends what READONLY began.",
        },
    ];

    /// <summary>The cluster, or the reply that there is none.</summary>
    internal static bool TryCluster(CommandContext call, [NotNullWhen(true)] out ClusterService? cluster)
    {
        cluster = call.Node.Cluster;
        if (cluster is null) call.Reply.Error(ErrorReplies.ClusterDisabled);
        return cluster is not null;
    }

    /// <summary>The node id in an argument, none when it is not one; and the argument as text, for errors.</summary>
    internal static NodeId NodeNamed(CommandContext call, int index, out string text)
    {
        text = Encoding.UTF8.GetString(call[index]);
        return NodeId.TryParse(call[index], out var node) ? node : NodeId.None;
    }

    /// <summary>Puts the name that was given into an error about a node that could not be one.</summary>
    internal static string? Naming(this string? error, NodeId node, string name) =>
        error is not null && node.IsNone ? error.Replace(node.ToString(), name, StringComparison.Ordinal) : error;

    private static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        CommandHandler handler,
        string arguments,
        string summary,
        string since = "3.0.0", string[]? tips = null) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            Locks = LockMode.None,
            Group = "cluster",
            ArgumentsHelp = arguments,
            Tips = tips ?? [],
            Summary = summary,
            Since = since,
        };

    private static void BadArguments(CommandContext call) =>
        call.Reply.Error(
            "ERR unknown subcommand or wrong number of arguments for "
            + $"'{Encoding.UTF8.GetString(call[1])}'. Try CLUSTER HELP.");

    private static void Info(CommandContext call)
    {
        if (TryCluster(call, out var cluster))
            call.Reply.Verbatim("txt"u8, Encoding.UTF8.GetBytes(ClusterInfo.Text(cluster.Host)));
    }

    private static void Nodes(CommandContext call)
    {
        if (TryCluster(call, out var cluster))
            call.Reply.Verbatim("txt"u8, Encoding.UTF8.GetBytes(NodesReply.Format(cluster.Host.Snapshot())));
    }

    private static void SlotMap(CommandContext call)
    {
        if (TryCluster(call, out var cluster)) TopologyReply.Slots(call, cluster.Host.Snapshot());
    }

    private static void Shards(CommandContext call)
    {
        if (TryCluster(call, out var cluster)) TopologyReply.Shards(call, cluster.Host.Snapshot());
    }

    private static void Links(CommandContext call)
    {
        if (TryCluster(call, out var cluster)) TopologyReply.Links(call.Reply, cluster.Host.DescribeLinks());
    }

    private static void MyId(CommandContext call)
    {
        if (TryCluster(call, out var cluster)) call.Reply.Bulk(cluster.Host.Snapshot().Myself.Id.ToString());
    }

    private static void MyShardId(CommandContext call)
    {
        if (TryCluster(call, out var cluster)) call.Reply.Bulk(cluster.Host.Snapshot().Myself.ShardId.ToString());
    }

    private static void Replicas(CommandContext call)
    {
        if (!TryCluster(call, out var cluster)) return;
        var view = cluster.Host.Snapshot();
        var id = NodeNamed(call, 2, out var name);
        if (view.Find(id) is not { } master)
        {
            call.Reply.Error("ERR Unknown node " + name);
            return;
        }

        if (master.IsReplica)
        {
            call.Reply.Error("ERR The specified node is not a master"u8);
            return;
        }

        var replicas = view.ReplicasOf(id).ToArray();
        call.Reply.Array(replicas.Length);
        foreach (var replica in replicas) call.Reply.Bulk(NodesReply.FormatNode(view, replica));
    }

    private static void CountFailureReports(CommandContext call)
    {
        if (!TryCluster(call, out var cluster)) return;
        var id = NodeNamed(call, 2, out var name);
        if (cluster.Host.CountFailureReports(id) is { } count) call.Reply.Integer(count);
        else call.Reply.Error("ERR Unknown node " + name);
    }

    private static void Meet(CommandContext call)
    {
        if (!TryCluster(call, out var cluster)) return;
        if (call.Count > 5)
        {
            BadArguments(call);
            return;
        }

        if (!ArgumentParser.TryInteger(call[3], out long port))
        {
            call.ErrorQuoting("ERR Invalid base port specified: "u8, call[3], ""u8);
            return;
        }

        var busPort = port + ClusterBus.Wire.BusProtocol.PortOffset;
        if (call.Count == 5 && !ArgumentParser.TryInteger(call[4], out busPort))
        {
            call.ErrorQuoting("ERR Invalid bus port specified: "u8, call[4], ""u8);
            return;
        }

        var ip = Encoding.UTF8.GetString(call[2]);
        var given = Encoding.UTF8.GetString(call[3]);
        cluster.Execute(call, default, (machine, now, effects) =>
        {
            if (port is <= 0 or > ushort.MaxValue || busPort is <= 0 or > ushort.MaxValue) return BadAddress(ip, given);
            return machine.Meet(ip, (int)port, (int)busPort, now, effects) is null ? null : BadAddress(ip, given);
        });
    }

    private static string BadAddress(string ip, string port) => $"ERR Invalid node address specified: {ip}:{port}";

    private static void Forget(CommandContext call)
    {
        if (!TryCluster(call, out var cluster)) return;
        var node = NodeNamed(call, 2, out var name);
        cluster.Execute(
            call, default, (machine, now, effects) => machine.Forget(node, now, effects).Naming(node, name));
    }

    private static void Replicate(CommandContext call)
    {
        if (!TryCluster(call, out var cluster)) return;
        var node = NodeNamed(call, 2, out var name);
        var database = call.Keyspace[0];
        cluster.Execute(
            call,
            StripeSet.All,
            (machine, now, effects) => machine.Replicate(node, database.Count != 0, now, effects).Naming(node, name));
    }

    private static void Failover(CommandContext call)
    {
        if (!TryCluster(call, out var cluster)) return;
        var mode = FailoverMode.Default;
        if (call.Count > 3)
        {
            BadArguments(call);
            return;
        }

        if (call.Count == 3)
        {
            if (call.Is(2, "force"u8))
            {
                mode = FailoverMode.Force;
            }
            else if (call.Is(2, "takeover"u8))
            {
                mode = FailoverMode.Takeover;
            }
            else
            {
                call.SyntaxError();
                return;
            }
        }

        cluster.Execute(call, default, (machine, now, effects) => machine.Failover(mode, now, effects));
    }

    private static void Reset(CommandContext call)
    {
        if (!TryCluster(call, out var cluster)) return;
        var hard = call.Count == 3 && call.Is(2, "hard"u8);
        if (call.Count > 3)
        {
            BadArguments(call);
            return;
        }

        if (call.Count == 3 && !hard && !call.Is(2, "soft"u8))
        {
            call.SyntaxError();
            return;
        }

        var database = call.Keyspace[0];
        cluster.Execute(
            call, StripeSet.All, (machine, now, effects) => machine.Reset(hard, database.Count != 0, now, effects));
    }

    private static void SaveConfig(CommandContext call)
    {
        if (!TryCluster(call, out var cluster)) return;
        if (!call.MayBlock)
        {
            // Nobody can wait for the disk inside a transaction: as with every other change there, a node that cannot
            // write what it answered OK to stops.
            cluster.Host.SaveConfig(report: null);
            call.Ok();
            return;
        }

        string? error = null;
        var suspension = call.Suspend(deadline: 0, (reply, _) =>
        {
            if (error is null) reply.Simple("OK"u8);
            else reply.Error("ERR error saving the cluster node config: " + error);
        });
        cluster.Host.SaveConfig(result =>
        {
            error = result;
            suspension.Complete();
        });
    }

    private static void SetConfigEpoch(CommandContext call)
    {
        if (!TryCluster(call, out var cluster) || !call.TryInteger(2, out long epoch)) return;
        if (epoch < 0)
        {
            call.Reply.Error(
                string.Create(CultureInfo.InvariantCulture, $"ERR Invalid config epoch specified: {epoch}"));
            return;
        }

        cluster.Execute(call, default, (machine, now, effects) => machine.SetConfigEpoch((ulong)epoch, now, effects));
    }

    private static void BumpEpoch(CommandContext call)
    {
        if (!TryCluster(call, out var cluster)) return;
        var text = "";
        cluster.Execute(
            call,
            default,
            (machine, now, effects) =>
            {
                var epoch = machine.BumpEpoch(out var bumped, now, effects);
                text = string.Create(CultureInfo.InvariantCulture, $"{(bumped ? "BUMPED" : "STILL")} {epoch}");
                return null;
            },
            reply => reply.Simple(Encoding.ASCII.GetBytes(text)));
    }

    private static void Asking(CommandContext call)
    {
        if (!TryCluster(call, out _)) return;
        call.Session.Asking = true;
        call.Ok();
    }

    private static void ReadOnly(CommandContext call)
    {
        if (!TryCluster(call, out _)) return;
        call.Session.ReadOnlyMode = true;
        call.Ok();
    }

    private static void ReadWrite(CommandContext call)
    {
        if (!TryCluster(call, out _)) return;
        call.Session.ReadOnlyMode = false;
        call.Ok();
    }
}
