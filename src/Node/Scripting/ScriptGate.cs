using Starling.Node.Persistence;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Scripting;

/// <summary>What stands before a script, and before the commands that it calls: the state of the server.</summary>
internal static class ScriptGate
{
    /// <summary>The error reply to a script that may not run; empty when it may.</summary>
    public static ReadOnlySpan<byte> JudgeScript(CommandContext call, Script script, bool isReadOnlyCall)
    {
        var node = call.Node;
        if (call.Session.Origin != ClientOrigin.Client) return [];
        var replication = node.Replication;
        var isStale = replication.IsReplica && !replication.IsLinkUp && !node.Config.ReplicaServeStaleData;
        if (!script.Head.IsThere) return isStale ? ErrorReplies.MasterDown : [];
        var flags = script.Head.Flags;
        if ((flags & ScriptFlags.NoCluster) != 0 && node.Cluster is not null)
            return "ERR Can not run script on cluster, 'no-cluster' flag is set."u8;
        if (isStale && (flags & ScriptFlags.AllowStale) == 0)
        {
            return "MASTERDOWN Link with MASTER is down, replica-serve-stale-data is set to 'no' and 'allow-stale' flag is not set on the script."u8;
        }

        if ((flags & ScriptFlags.NoWrites) != 0) return [];
        if (isReadOnlyCall) return "ERR Can not execute a script with write flag using *_ro command."u8;
        if (node.Persistence.RefusesWrites)
        {
            return "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "u8
                + "Writable scripts are blocked. Use 'no-writes' flag for read only scripts."u8;
        }

        if (replication.IsReplica && node.Config.ReplicaReadOnly)
            return "READONLY Can not run script with write flag on readonly replica"u8;
        if (LacksReplicas(call)) return ErrorReplies.NoReplicas;
        return call.Session.IsOutOfMemory && (flags & ScriptFlags.AllowOom) == 0
            ? "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'"u8
            : [];
    }

    /// <summary>The error of a command that a script calls and that may not run; empty when it may.</summary>
    public static ReadOnlySpan<byte> Judge(ScriptEngine engine, CommandContext call, Command command)
    {
        var node = call.Node;
        var isWrite = (command.Flags & CommandFlags.Write) != 0;
        if (isWrite && (engine.Flags & ScriptFlags.NoWrites) != 0) return "ERR Write commands are not allowed from read-only scripts."u8;
        if (call.Session.Origin != ClientOrigin.Client) return [];
        if (isWrite)
        {
            if (node.Persistence.RefusesWrites) return PersistenceService.Misconfigured;
            if (node.Replication.IsReplica && node.Config.ReplicaReadOnly) return ErrorReplies.ReadOnly;
            if (LacksReplicas(call)) return ErrorReplies.NoReplicas;
        }

        // What a script has begun it may end.
        return call.Session.IsOutOfMemory && !engine.HasWritten && (command.Flags & CommandFlags.DenyOom) != 0
            && (engine.Flags & ScriptFlags.AllowOom) == 0
            ? ErrorReplies.OutOfMemory
            : [];
    }

    private static bool LacksReplicas(CommandContext call)
    {
        var (config, replication) = (call.Node.Config, call.Node.Replication);
        if (replication.IsReplica) return false;
        if (config.MinReplicasToWrite > 0 && config.MinReplicasMaxLag > 0 && replication.GoodReplicas < config.MinReplicasToWrite) return true;
        return config.WriteAcks > 0 && replication.LacksAcknowledgers;
    }
}
