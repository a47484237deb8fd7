using System.Text;
using Starling.Node.Acl;
using Starling.Node.Persistence;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Scripting;

/// <summary>What stands before a script, and before the commands that it calls: the state of the server.</summary>
internal static class ScriptGate
{
    /// <summary>The error reply to a script that may not run; empty when it may.</summary>
    public static ReadOnlySpan<byte> JudgeScript(CommandContext call, Runnable script, bool isReadOnlyCall)
    {
        var node = call.Node;
        if (call.Session.Origin != ClientOrigin.Client) return [];
        var isStale = IsStale(call);
        if (!script.SaysFlags) return isStale ? ErrorReplies.MasterDown : [];
        var flags = script.Flags;
        if ((flags & ScriptFlags.NoCluster) != 0 && node.Cluster is not null)
            return "ERR Can not run script on cluster, 'no-cluster' flag is set."u8;
        var refusal = (flags & ScriptFlags.NoWrites) == 0 ? JudgeWriting(call, flags, isReadOnlyCall) : [];
        return isStale && (flags & ScriptFlags.AllowStale) == 0 && refusal.Length == 0 ? ErrorReplies.MasterDown : refusal;
    }

    /// <summary>A script that says what it does is a command that writes, unless it says that it does not.</summary>
    private static ReadOnlySpan<byte> JudgeWriting(CommandContext call, ScriptFlags flags, bool isReadOnlyCall)
    {
        var node = call.Node;
        if (call.Session.IsOutOfMemory && (flags & ScriptFlags.AllowOom) == 0) return ErrorReplies.OutOfMemory;
        if (node.Persistence.RefusesWrites) return PersistenceService.Misconfigured;
        if (LacksReplicas(call)) return ErrorReplies.NoReplicas;
        if (node.Replication.IsReplica && node.Config.ReplicaReadOnly) return ErrorReplies.ReadOnly;
        return isReadOnlyCall ? "ERR Can not execute a script with write flag using *_ro command."u8 : [];
    }

    /// <summary>The error of a command that a script calls and that may not run; empty when it may.</summary>
    public static ReadOnlySpan<byte> Judge(ScriptEngine engine, CommandContext call, Command command)
    {
        var node = call.Node;
        var isWrite = (command.Flags & CommandFlags.Write) != 0;
        var mayReplicate = isWrite || (command.Flags & CommandFlags.MayReplicate) != 0;
        if (mayReplicate && (engine.Flags & ScriptFlags.NoWrites) != 0)
            return "ERR Write commands are not allowed from read-only scripts."u8;
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

    /// <summary>
    /// Whether the client's user may make a call; the error of a script that makes it all the same, and a line in the log of users.
    /// </summary>
    public static ReadOnlySpan<byte> JudgeRights(CommandContext call, Command command, ArgumentList arguments)
    {
        var denial = Denial(call, command, arguments, out var position);
        if (denial == AclDenial.None) return [];
        var control = call.Node.AccessControl;
        var what = denial == AclDenial.Command ? Encoding.ASCII.GetBytes(command.FullName) : arguments[position];
        control.NoteDenial(call.Session, denial, AclPlace.Script, what, control.UserOf(call.Session).Name);
        return denial switch
        {
            AclDenial.Key => "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments"u8,
            AclDenial.Channel => "ERR The user executing the script can't publish to the channel mentioned in the command"u8,
            _ => "ERR The user executing the script can't run this command or subcommand"u8,
        };
    }

    /// <summary>Why the client's user may not make a call.</summary>
    public static AclDenial Denial(CommandContext call, Command command, ArgumentList arguments, out int position)
    {
        position = 0;
        if (call.Session.Origin != ClientOrigin.Client || call.Session.Identity.Rights.IsUnrestricted) return AclDenial.None;
        var verdict = call.Node.AccessControl.UserOf(call.Session).Rights.Judge(command, arguments);
        position = verdict.Position;
        return verdict.Denial;
    }

    /// <summary>
    /// The error of a command that a script calls on a replica whose data are stale, where it may not be called; empty when it may.
    /// </summary>
    public static ReadOnlySpan<byte> JudgeStale(CommandContext call, Command command) =>
        call.Session.Origin == ClientOrigin.Client && (command.Flags & CommandFlags.Stale) == 0 && IsStale(call)
            ? "ERR Can not execute the command on a stale replica"u8
            : [];

    /// <summary>This node is a replica without its master, and is to tell nobody what it has.</summary>
    private static bool IsStale(CommandContext call)
    {
        var replication = call.Node.Replication;
        return replication.IsReplica && !replication.IsLinkUp && !call.Node.Config.ReplicaServeStaleData;
    }

    private static bool LacksReplicas(CommandContext call)
    {
        var (config, replication) = (call.Node.Config, call.Node.Replication);
        if (replication.IsReplica) return false;
        if (config.MinReplicasToWrite > 0 && config.MinReplicasMaxLag > 0 && replication.GoodReplicas < config.MinReplicasToWrite) return true;
        return config.WriteAcks > 0 && replication.LacksAcknowledgers;
    }
}
