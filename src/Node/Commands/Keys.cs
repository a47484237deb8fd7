using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>The commands on keys of any kind: delete, test, rename, copy, move.</summary>
public static class Keys
{
    private static readonly string[] SumOfShards = ["request_policy:multi_shard", "response_policy:agg_sum"];

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("del", -2, CommandFlags.Write, KeySpec.From(1), "RM delete", "1.0.0", "Deletes keys.", Del),
        Row("unlink", -2, CommandFlags.Write | CommandFlags.Fast, KeySpec.From(1), "RM delete", "4.0.0",
            "Deletes keys; large values are freed in the background.", Unlink),
        Row("exists", -2, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.From(1), "RO", "1.0.0",
            "Counts how many of the keys exist.", Exists),
        Row("touch", -2, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.From(1), "RO", "3.2.1",
            "Stamps the access time of keys and counts those that exist.", Touch),
        Row("type", 2, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.At(1), "RO", "1.0.0",
            "Returns the kind of value at a key.", Type),
        Row("rename", 3, CommandFlags.Write, KeySpec.Range(1, 2), "RW access delete; OW update", "1.0.0",
            "Renames a key and overwrites the destination.", Rename),
        Row("renamenx", 3, CommandFlags.Write | CommandFlags.Fast, KeySpec.Range(1, 2),
            "RW access delete; OW insert", "1.0.0",
            "Renames a key if the destination does not exist.", RenameNx),
        Row("copy", -3, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.Range(1, 2), "RO access; OW update", "6.2.0",
            "Copies a key with value and expiry to another name or database.", Copy),
        Row("move", 3, CommandFlags.Write | CommandFlags.Fast, KeySpec.At(1), "RW access update", "1.0.0",
            "Moves a key to another database.", Move),
    ];

    private static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        KeySpec keys,
        string keyFlags,
        string since,
        string summary,
        CommandHandler handler) =>
        new(name, arity, flags, keys, handler)
        {
            KeyFlags = keyFlags,
            AclCategories = ["keyspace"],
            Group = "generic",
            Since = since,
            Summary = summary,
            Tips = keys.Last < 0 ? SumOfShards : [],
        };


    private static void Del(CommandContext call) => Delete(call, lazily: false);

    private static void Unlink(CommandContext call) => Delete(call, lazily: true);

    private static void Delete(CommandContext call, bool lazily)
    {
        long deleted = 0;
        for (var i = 1; i < call.Count; i++)
        {
            var key = call.Key(i);

            // Looked up before only where it may turn out to have expired, which is no deletion by this command.
            if (call.MayHaveExpired(key) && !call.TryWrite(key, out _)) continue;
            if (call.Delete(key, DeleteReason.Command, lazily)) deleted++;
        }

        call.Reply.Integer(deleted);
    }

    private static void Exists(CommandContext call)
    {
        long count = 0;
        for (var i = 1; i < call.Count; i++)
            if (call.TryPeek(call.Key(i), out _)) count++;

        call.Reply.Integer(count);
    }

    private static void Touch(CommandContext call)
    {
        long count = 0;
        for (var i = 1; i < call.Count; i++)
        {
            if (!call.TryRead(call.Key(i), out var entry)) continue;

            // CLIENT NO-TOUCH does not hold for the command that exists to touch.
            call.Touch(call.Database, entry);
            count++;
        }

        call.Reply.Integer(count);
    }

    private static void Type(CommandContext call) =>
        call.Reply.Simple(call.TryPeek(call.Key(1), out var entry) ? entry.KindName : "none"u8);

    private static void Rename(CommandContext call)
    {
        if (TryRename(call, onlyIfAbsent: false, out _)) call.Ok();
    }

    private static void RenameNx(CommandContext call)
    {
        if (TryRename(call, onlyIfAbsent: true, out var renamed)) call.Reply.Integer(renamed ? 1 : 0);
    }

    /// <summary>False when the error reply is written.</summary>
    private static bool TryRename(CommandContext call, bool onlyIfAbsent, out bool renamed)
    {
        renamed = false;
        var from = call.Key(1);
        var to = call.Key(2);
        if (!call.TryWrite(from, out _))
        {
            call.Reply.Error(ErrorReplies.NoSuchKey);
            return false;
        }

        if (from.Bytes.SequenceEqual(to.Bytes)) return true;
        if (onlyIfAbsent && call.TryWrite(to, out _)) return true;
        call.Database.Move(from, call.Database, to);
        call.Changed(from, KeyEvent.RenameFrom);
        call.Changed(to, KeyEvent.RenameTo);
        renamed = true;
        return true;
    }

    private static void Copy(CommandContext call)
    {
        var target = call.Database;
        var replace = false;
        for (var i = 3; i < call.Count; i++)
        {
            if (call.Is(i, "replace"u8))
            {
                replace = true;
            }
            else if (call.Is(i, "db"u8) && i + 1 < call.Count)
            {
                if (!call.TryDatabase(++i, out var index)) return;
                target = call.Keyspace[index];
            }
            else
            {
                call.SyntaxError();
                return;
            }
        }

        if (call.Node.Config.ClusterEnabled && target != call.Keyspace[0])
        {
            call.Reply.Error("ERR Copying to another database is not allowed in cluster mode"u8);
            return;
        }

        var from = call.Key(1);
        var to = call.Key(2);
        if (target == call.Database && from.Bytes.SequenceEqual(to.Bytes))
        {
            call.Reply.Error("ERR source and destination objects are the same"u8);
            return;
        }

        if (!call.TryRead(from, out _) || (call.TryWrite(target, to, out _) && !replace))
        {
            call.Reply.Integer(0);
            return;
        }

        call.Database.Copy(from, target, to);
        call.Changed(target, to, KeyEvent.CopyTo);
        call.Reply.Integer(1);
    }

    private static void Move(CommandContext call)
    {
        if (call.Node.Config.ClusterEnabled)
        {
            call.Reply.Error("ERR MOVE is not allowed in cluster mode"u8);
            return;
        }

        if (!call.TryDatabase(2, out var index)) return;
        var target = call.Keyspace[index];
        if (target == call.Database)
        {
            call.Reply.Error("ERR source and destination objects are the same"u8);
            return;
        }

        var key = call.Key(1);
        if (!call.TryWrite(key, out _) || call.TryWrite(target, key, out _))
        {
            call.Reply.Integer(0);
            return;
        }

        call.Database.Move(key, target, key);
        call.Changed(key, KeyEvent.MoveFrom);
        call.Changed(target, key, KeyEvent.MoveTo);
        call.Reply.Integer(1);
    }
}
