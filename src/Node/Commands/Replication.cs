using System.Text;
using Starling.Node.Config;
using Starling.Node.Replication;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Commands;

/// <summary>
/// The commands of replication: role and synchronisation. See <see cref="ReplicationWaiting"/> for WAIT.
/// </summary>
public static class Replication
{
    private const CommandFlags RoleChange =
        CommandFlags.Admin | CommandFlags.NoAsyncLoading | CommandFlags.NoScript | CommandFlags.Stale;
    private const CommandFlags Synchronisation =
        CommandFlags.Admin | CommandFlags.NoAsyncLoading | CommandFlags.NoMulti | CommandFlags.NoScript;
    private const int MaxAddressLength = 255;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("replicaof", 3, RoleChange, "5.0.0", "Makes this server a replica of another one, or a master.", ReplicaOf),
        Row("slaveof", 3, RoleChange, "1.0.0", "Makes this server a replica of another one, or a master.", ReplicaOf),
        Row("role", 1, CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast, "2.8.12",
            "Returns the replication role.", Role),
        Row("psync", -3, Synchronisation, "2.8.0", "Used between servers: asks for the replication stream from an offset on.", PSync),
        Row("sync", 1, Synchronisation, "1.0.0", "Used between servers: asks for a snapshot and the replication stream.", Sync),
        Row("replconf", -1,
            CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.AllowBusy,
            "3.0.0", "Used between servers: configures and acknowledges the replication stream.", ReplConf),
        .. ReplicationWaiting.Rows,
    ];

    /// <summary>DEBUG CHANGE-REPL-ID.</summary>
    internal static DebugSubcommand ChangeReplicationId { get; } = new(
        "change-repl-id",
        2,
        2,
        ["CHANGE-REPL-ID", "    Change the replication IDs of the instance.",
            "    Dangerous: should be used only for testing the replication subsystem."],
        ChangeId);

    private static void ChangeId(CommandContext call)
    {
        call.Node.Replication.ChangeReplicationId();
        call.Ok();
    }

    private static Command Row(
        string name, int arity, CommandFlags flags, string since, string summary, CommandHandler handler) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            Locks = LockMode.None,
            AclCategories = ["admin", "dangerous"],
            Group = "server",
            Since = since,
            Summary = summary,
        };

    private static void ReplicaOf(CommandContext call)
    {
        var node = call.Node;
        if (node.Cluster is not null)
        {
            call.Reply.Error("ERR REPLICAOF not allowed in cluster mode."u8);
            return;
        }

        var replication = node.Replication;
        if (call.Is(1, "no"u8) && call.Is(2, "one"u8))
        {
            if (replication.IsReplica)
            {
                node.Config.ReplicaOf = null;
                replication.Promote();
                replication.LogMasterMode(Describe(call));
            }

            call.Ok();
            return;
        }

        if (call.Session.Kind == ClientKind.Replica)
        {
            call.Reply.Error("ERR Command is not valid when client is a replica."u8);
            return;
        }

        if (!ArgumentParser.TryInteger(call[2], out long port) || port is < 0 or > 65535)
        {
            call.Reply.Error("ERR Invalid master port"u8);
            return;
        }

        var host = Encoding.UTF8.GetString(call[1]);
        if (!replication.ReplicateFrom(host, (int)port))
        {
            replication.LogAlreadyConnected();
            call.Reply.Simple("OK Already connected to specified master"u8);
            return;
        }

        node.Config.ReplicaOf = new MasterAddress(host, (int)port);
        replication.LogReplicaOf(host, (int)port, Describe(call));
        call.Ok();
    }

    private static string Describe(CommandContext call) =>
        call.Session.Connection is { } connection ? connection.Describe() : "";

    private static void Role(CommandContext call)
    {
        var replication = call.Node.Replication;
        var reply = call.Reply;
        if (replication.Link is { } link)
        {
            reply.Array(5);
            reply.Bulk("slave"u8);
            reply.Bulk(link.Host);
            reply.Integer(link.Port);
            reply.Bulk(link.State switch
            {
                MasterLinkState.Connect => "connect"u8,
                MasterLinkState.Connecting => "connecting"u8,
                MasterLinkState.Handshake => "handshake"u8,
                MasterLinkState.Transfer => "sync"u8,
                MasterLinkState.Connected => "connected"u8,
            });
            reply.Integer(link.State == MasterLinkState.Connected ? replication.Offset : -1);
            return;
        }

        reply.Array(3);
        reply.Bulk("master"u8);
        reply.Integer(replication.Offset);
        var online = Array.FindAll(replication.Replicas.Links, replica => replica.State == ReplicaState.Online);
        reply.Array(online.Length);
        foreach (var replica in online)
        {
            reply.Array(3);
            reply.Bulk(replica.Address);
            reply.BulkInteger(replica.ListeningPort);
            reply.BulkInteger(replica.AckedOffset);
        }
    }

    private static void PSync(CommandContext call)
    {
        if (call.Session.Kind == ClientKind.Replica) return;
        var id = Encoding.Latin1.GetString(call[1]);
        if (call.Count > 3 && call.Is(3, "failover"u8) && !TryFailOver(call, id)) return;
        if (!MaySynchronize(call)) return;
        var link = LinkOf(call);
        if (!call.TryInteger(2, out long from))
        {
            call.Node.Replication.LogWrongOffset(link);
            return;
        }

        call.Node.Replication.AsMaster.Synchronize(call, link, id, from);
    }

    private static void Sync(CommandContext call)
    {
        if (call.Session.Kind == ClientKind.Replica || !MaySynchronize(call)) return;
        var link = LinkOf(call);
        link.IsPrePsync = true;
        call.Node.Replication.AsMaster.SynchronizeFully(call, link);
    }

    /// <summary>A master that hands over asks its replica to take over and to feed it from then on.</summary>
    private static bool TryFailOver(CommandContext call, string id)
    {
        var replication = call.Node.Replication;
        replication.LogFailoverRequest(id);
        if (!replication.IsReplica)
        {
            call.Reply.Error("ERR PSYNC FAILOVER can't be sent to a master."u8);
            return false;
        }

        if (!string.Equals(id, replication.ReplicationId, StringComparison.OrdinalIgnoreCase))
        {
            call.Reply.Error("ERR PSYNC FAILOVER replid must match my replid."u8);
            return false;
        }

        if (call.Node.Cluster is not null)
        {
            call.Reply.Error("ERR PSYNC FAILOVER not allowed in cluster mode."u8);
            return false;
        }

        call.Node.Config.ReplicaOf = null;
        replication.Promote();
        replication.LogMasterModeByFailover(Describe(call));
        return true;
    }

    private static bool MaySynchronize(CommandContext call)
    {
        if (!call.Node.Replication.AsMaster.MaySynchronize(call)) return false;
        if (call.Session.Connection is not { } connection)
        {
            call.Reply.Error("ERR SYNC and PSYNC need a connection"u8);
            return false;
        }

        if (call.Reply.Length == 0 && connection.PendingBytes == 0) return true;
        call.Reply.Error("ERR SYNC and PSYNC are invalid with pending output"u8);
        return false;
    }

    private static ReplicaLink LinkOf(CommandContext call)
    {
        Invariant.That(call.Session.Connection is not null);
        return call.Session.Replica ??= new ReplicaLink(new ConnectionReplicaTransport(call.Session.Connection));
    }

    private static void ReplConf(CommandContext call)
    {
        if (call.Count % 2 == 0)
        {
            call.SyntaxError();
            return;
        }

        if (call.Session.Connection is null)
        {
            call.Reply.Error("ERR REPLCONF needs a connection"u8);
            return;
        }

        for (var i = 1; i < call.Count; i += 2)
        {
            if (call.Is(i, "ack"u8))
            {
                Acknowledge(call, i);
                return;
            }

            // From the master it never comes here. From others it asks for what the link does every second anyway, and
            // has no reply.
            if (call.Is(i, "getack"u8)) return;
            if (!TryConfigure(call, LinkOf(call), i)) return;
        }

        call.Ok();
    }

    private static bool TryConfigure(CommandContext call, ReplicaLink link, int index)
    {
        var value = call[index + 1];
        if (call.Is(index, "listening-port"u8))
        {
            if (!call.TryInteger(index + 1, out long port)) return false;
            link.ListeningPort = (int)Math.Clamp(port, 0, int.MaxValue);
        }
        else if (call.Is(index, "ip-address"u8))
        {
            if (value.Length > MaxAddressLength)
            {
                call.Reply.Error($"ERR REPLCONF ip-address provided by replica instance is too long: {value.Length} bytes");
                return false;
            }

            link.AnnouncedAddress = Encoding.Latin1.GetString(value);
        }
        else if (call.Is(index, "capa"u8))
        {
            // Capabilities that are not known here are no error: a newer replica names them all.
            if (ArgumentParser.Is(value, "eof"u8)) link.SupportsEof = true;
            else if (ArgumentParser.Is(value, "psync2"u8)) link.SupportsPsync2 = true;
        }
        else if (call.Is(index, "rdb-only"u8))
        {
            if (!call.TryInteger(index + 1, out long flag)) return false;
            if (flag is < 0 or > 1)
            {
                call.Reply.Error("ERR value is out of range, value must between 0 and 1"u8);
                return false;
            }

            link.RdbOnly = flag == 1;
        }
        else if (call.Is(index, "rdb-filter-only"u8))
        {
            return TryFilter(call, link, value);
        }
        else if (!call.Is(index, "version"u8))
        {
            call.ErrorQuoting("ERR Unrecognized REPLCONF option: "u8, call[index], ""u8);
            return false;
        }

        return true;
    }

    /// <summary>
    /// The parts of a snapshot that a replica wants, libraries of functions or nothing; keys, for which there is no word, are not among them.
    /// </summary>
    private static bool TryFilter(CommandContext call, ReplicaLink link, ReadOnlySpan<byte> value)
    {
        if (!ConfigLine.TrySplit(Encoding.UTF8.GetString(value), out var parts))
        {
            call.Reply.Error("ERR Missing rdb-filter-only values"u8);
            return false;
        }

        link.ExcludesData = true;
        link.ExcludesFunctions = parts.Count == 0;
        if (parts.Find(part => !part.Equals("functions", StringComparison.OrdinalIgnoreCase)) is not { } unknown) return true;
        call.Reply.Error("ERR Unsupported rdb-filter-only option: " + unknown);
        return false;
    }

    /// <summary>Has no reply, whatever it says: the replica reads nothing but the stream.</summary>
    private static void Acknowledge(CommandContext call, int index)
    {
        if (call.Session.Kind != ClientKind.Replica || call.Session.Replica is not { } link) return;
        if (!RespNumber.TryParse(call[index + 1], out var offset)) return;
        var fsynced = -1L;
        if (call.Count > index + 3 && call.Is(index + 2, "fack"u8)
            && !RespNumber.TryParse(call[index + 3], out fsynced))
            return;
        call.Node.Replication.AsMaster.Acknowledge(link, offset, fsynced);
    }
}
