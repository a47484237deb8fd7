using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>The commands on whole databases.</summary>
public static class Databases
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("dbsize", 1, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.None, DbSize)
        {
            Locks = LockMode.All, AclCategories = ["keyspace"], Group = "server", Since = "1.0.0",
            Tips = ["request_policy:all_shards", "response_policy:agg_sum"],
            Summary = "Returns the number of keys of the selected database.",
        },
        new("flushdb", -1, CommandFlags.Write, KeySpec.None, FlushDb)
        {
            Locks = LockMode.All, AclCategories = ["keyspace", "dangerous"], Group = "server", Since = "1.0.0",
            Tips = ["request_policy:all_shards", "response_policy:all_succeeded"],
            Summary = "Deletes all keys of the selected database.",
        },
        new("flushall", -1, CommandFlags.Write, KeySpec.None, FlushAll)
        {
            Locks = LockMode.All, AclCategories = ["keyspace", "dangerous"], Group = "server", Since = "1.0.0",
            Tips = ["request_policy:all_shards", "response_policy:all_succeeded"],
            Summary = "Deletes all keys of all databases.",
        },
        new("swapdb", 3, CommandFlags.Write | CommandFlags.Fast, KeySpec.None, SwapDb)
        {
            Locks = LockMode.All, AclCategories = ["keyspace", "dangerous"], Group = "server", Since = "4.0.0",
            Summary = "Exchanges two databases.",
        },
    ];

    private static void DbSize(CommandContext call) => call.Reply.Integer(call.Database.CountUnderAll);

    private static void FlushDb(CommandContext call)
    {
        if (!TryFlushMode(call, out var lazily)) return;
        var removed = call.DeleteAll(call.Database, DeleteReason.Flushed, lazily);
        if (removed == 0) SendAsItIs(call);
        ReplyToFlush(call, lazily);
    }

    private static void FlushAll(CommandContext call)
    {
        if (!TryFlushMode(call, out var lazily)) return;
        long removed = 0;
        for (var i = 0; i < call.Keyspace.DatabaseCount; i++)
            removed += call.DeleteAll(call.Keyspace[i], DeleteReason.Flushed, lazily);
        if (removed == 0) SendAsItIs(call);
        call.Node.Persistence.OnFlushAll(removed);
        ReplyToFlush(call, lazily);
    }

    /// <summary>Replicas are told of a flush that removed nothing here too, as in Redis.</summary>
    private static void SendAsItIs(CommandContext call)
    {
        using var effect = call.BeginEffect();
        for (var i = 0; i < call.Count; i++) effect.Add(call[i]);
    }

    /// <summary>
    /// Either way the keys are gone at once and their memory is freed in the background, so that no other client waits.
    /// With SYNC this client waits for that.
    /// </summary>
    private static bool TryFlushMode(CommandContext call, out bool lazily)
    {
        lazily = call.Count == 1 ? call.Node.Config.LazyFreeLazyUserFlush : call.Is(1, "async"u8);
        if (call.Count == 1 || (call.Count == 2 && (lazily || call.Is(1, "sync"u8)))) return true;
        call.SyntaxError();
        return false;
    }

    private static void ReplyToFlush(CommandContext call, bool lazily)
    {
        if (lazily)
        {
            call.Ok();
            return;
        }

        var suspension = call.Suspend(0, static (reply, _) => reply.Simple("OK"u8));
        if (!suspension.HasEnded) call.Node.Freeing.WhenFreed(suspension.Complete);
    }

    private static void SwapDb(CommandContext call)
    {
        if (call.Node.Config.ClusterEnabled)
        {
            call.Reply.Error("ERR SWAPDB is not allowed in cluster mode"u8);
            return;
        }

        if (!TryIndex(call, 1, "ERR invalid first DB index"u8, out var first)) return;
        if (!TryIndex(call, 2, "ERR invalid second DB index"u8, out var second)) return;
        if (!IsDatabase(call, first) || !IsDatabase(call, second))
        {
            call.Reply.Error(ErrorReplies.DatabaseOutOfRange);
            return;
        }

        call.Swap(first, second);
        call.Ok();
    }

    private static bool TryIndex(CommandContext call, int argument, ReadOnlySpan<byte> error, out int index)
    {
        if (ArgumentParser.TryInteger(call[argument], out index)) return true;
        call.Reply.Error(error);
        return false;
    }

    private static bool IsDatabase(CommandContext call, int index) => index >= 0 && index < call.Keyspace.DatabaseCount;
}
