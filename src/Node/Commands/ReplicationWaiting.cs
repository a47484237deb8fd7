using Starling.Node.Replication;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>The commands that wait for replicas: WAIT and WAITAOF.</summary>
public static class ReplicationWaiting
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("wait", 3, CommandFlags.Blocking, KeySpec.None, Wait)
        {
            Locks = LockMode.None, AclCategories = ["connection"], Group = "generic", Since = "3.0.0",
            Tips = ["request_policy:all_shards", "response_policy:agg_min"],
            Summary = "Waits until so many replicas have acknowledged this connection's writes.",
        },
        new("waitaof", 4, CommandFlags.Blocking, KeySpec.None, WaitAof)
        {
            Locks = LockMode.None, AclCategories = ["connection"], Group = "generic", Since = "7.2.0",
            Summary = "Waits until this connection's writes are in the append-only files of this server and of so many replicas.",
        },
    ];

    private static ReadOnlySpan<byte> WaitOnReplica =>
        "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica is configured "u8
        + "to be writable (which is not the default) writes to replicas are just local and are not propagated."u8;

    private static ReadOnlySpan<byte> WaitAofOnReplica =>
        "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just local and are not propagated."u8;

    private static void Wait(CommandContext call)
    {
        var replication = call.Node.Replication;
        if (replication.IsReplica)
        {
            call.Reply.Error(WaitOnReplica);
            return;
        }

        if (!call.TryInteger(1, out long wanted) || !TryTimeout(call, 2, out var timeout)) return;
        var waiter = new AcknowledgementWaiter(OffsetOf(call), wanted, fsynced: false);
        WaitFor(call, waiter, timeout, static (reply, count) => reply.Integer(count));
    }

    /// <summary>
    /// What is to be acknowledged: all that was written up to the end of the client's last command, by whomever, as in Redis. A
    /// client that has read a value can wait until that is on replicas.
    /// </summary>
    private static long OffsetOf(CommandContext call)
    {
        var session = call.Session;
        return Math.Max(session.LastWriteOffset, session.HasRun ? call.Node.Replication.Log.Offset : session.SeenOffset);
    }

    private static void WaitAof(CommandContext call)
    {
        if (!call.TryInteger(1, out long local)) return;
        if (local is < 0 or > 1)
        {
            call.Reply.Error("ERR value is out of range, value must between 0 and 1"u8);
            return;
        }

        if (!call.TryPositive(2, out var wanted) || !TryTimeout(call, 3, out var timeout)) return;
        if (call.Node.Replication.IsReplica)
        {
            call.Reply.Error(WaitAofOnReplica);
            return;
        }

        if (local > 0)
        {
            call.Reply.Error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."u8);
            return;
        }

        var waiter = new AcknowledgementWaiter(OffsetOf(call), wanted, fsynced: true);
        WaitFor(call, waiter, timeout, WriteFsynced);
    }

    // Without an append-only file nothing is ever fsynced here.
    private static void WriteFsynced(RespWriter reply, int count)
    {
        reply.Array(2);
        reply.Integer(0);
        reply.Integer(count);
    }

    private static void WaitFor(
        CommandContext call, AcknowledgementWaiter waiter, long timeout, Action<RespWriter, int> write)
    {
        var replication = call.Node.Replication;
        var acknowledged = waiter.Count(replication.Replicas);
        if (acknowledged >= waiter.Replicas || !call.MayBlock)
        {
            write(call.Reply, acknowledged);
            return;
        }

        var session = call.Session;
        waiter.Suspension = call.Suspend(
            timeout == 0 ? 0 : call.Now + timeout,
            (reply, _) =>
            {
                replication.Waiters.Remove(waiter);
                if (waiter.RoleChanged)
                {
                    session.CloseAfterReply = true; // what it has sent behind this was meant for a master
                    reply.Error(
                        "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)"u8);
                    return;
                }

                write(reply, waiter.Count(replication.Replicas));
            });
        replication.Waiters.Add(waiter);

        // The role may have changed since the check above, before this waiter was on the list.
        if (replication.IsReplica) replication.Waiters.EndAll();
        replication.RequestAcknowledgements();
    }

    private static bool TryTimeout(CommandContext call, int index, out long timeout)
    {
        if (!ArgumentParser.TryInteger(call[index], out timeout))
        {
            call.Reply.Error("ERR timeout is not an integer or out of range"u8);
            return false;
        }

        if (timeout < 0)
        {
            call.Reply.Error("ERR timeout is negative"u8);
            return false;
        }

        if (timeout <= long.MaxValue - call.Now) return true;
        call.Reply.Error("ERR timeout is out of range"u8);
        return false;
    }
}
