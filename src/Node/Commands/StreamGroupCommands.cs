using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>XGROUP: consumer groups and their consumers.</summary>
public static class StreamGroupCommands
{
    private static readonly string[] HelpLines =
    [
        "CREATE <key> <groupname> <id|$> [MKSTREAM] [ENTRIESREAD <entries-read>]",
        "    Makes a group that reads what comes behind an id, with MKSTREAM the stream too.",
        "CREATECONSUMER <key> <groupname> <consumer>",
        "    Makes a consumer of a group.",
        "DELCONSUMER <key> <groupname> <consumer>",
        "    Deletes a consumer with all that it has not acknowledged.",
        "DESTROY <key> <groupname>",
        "    Deletes a group.",
        "SETID <key> <groupname> <id|$> [ENTRIESREAD <entries-read>]",
        "    Sets what the group has delivered last.",
    ];

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("xgroup", -2, CommandFlags.None, KeySpec.None, null)
        {
            Group = "stream", Since = "5.0.0", Summary = "Container of commands on consumer groups.",
            Subcommands =
            [
                Row("create", -5, CommandFlags.Write | CommandFlags.DenyOom, "RW insert", "5.0.0", "Makes a consumer group.", Create),
                Row("createconsumer", 5, CommandFlags.Write | CommandFlags.DenyOom, "RW insert", "6.2.0",
                    "Makes a consumer of a group.", CreateConsumer),
                Row("delconsumer", 5, CommandFlags.Write, "RW delete", "5.0.0", "Deletes a consumer of a group.", DeleteConsumer),
                Row("destroy", 4, CommandFlags.Write, "RW delete", "5.0.0", "Deletes a consumer group.", Destroy),
                new Command("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Help)
                {
                    AclCategories = ["stream"], Group = "stream", Since = "5.0.0", Summary = "Lists the subcommands.",
                },
                Row("setid", -5, CommandFlags.Write, "RW update", "5.0.0", "Sets what a group has delivered last.", SetId),
            ],
        },
    ];

    private static Command Row(
        string name, int arity, CommandFlags flags, string keyFlags, string since, string summary, CommandHandler handler) =>
        new(name, arity, flags, KeySpec.At(2), handler)
        {
            KeyFlags = keyFlags,
            AclCategories = ["stream"],
            Group = "stream",
            Since = since,
            Summary = summary,
        };

    private static void Help(CommandContext call) => HelpReply.Write(call.Reply, "XGROUP", HelpLines);

    /// <summary>Reads the options of CREATE and SETID, or replies with the error.</summary>
    private static bool TryOptions(CommandContext call, bool creates, out bool makesStream, out long read)
    {
        makesStream = false;
        read = -1;
        for (var i = 5; i < call.Count; i++)
        {
            if (creates && call.Is(i, "mkstream"u8))
            {
                makesStream = true;
                continue;
            }

            if (!call.Is(i, "entriesread"u8) || i + 1 >= call.Count)
            {
                call.SubcommandSyntaxError();
                return false;
            }

            if (!call.TryInteger(++i, out read)) return false;
            if (read >= -1) continue;
            call.Reply.Error("ERR value for ENTRIESREAD must be positive or -1"u8);
            return false;
        }

        return true;
    }

    /// <summary>Opens the stream, which must be there; otherwise the error is replied.</summary>
    private static bool TryOpen(CommandContext call, scoped in Key key, bool mayMiss, out StreamValue stream)
    {
        if (!call.TryOpen(key, out stream)) return false;
        if (stream.Exists || mayMiss) return true;
        call.Reply.Error(
            "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to "u8
            + "create an empty stream automatically."u8);
        return false;
    }

    /// <summary>As <see cref="TryOpen"/>, with a group that must be there too.</summary>
    private static bool TryOpenGroup(CommandContext call, scoped in Key key, out StreamValue stream, out int group)
    {
        group = -1;
        if (!TryOpen(call, key, mayMiss: false, out stream)) return false;
        group = stream.FindGroup(call[3]);
        if (group >= 0) return true;
        call.NoSuchGroup(key.Bytes, call[3]);
        return false;
    }

    private static bool TryGroupId(CommandContext call, scoped in StreamValue stream, bool allowsEdges, out StreamId id)
    {
        id = stream.LastId;
        if (call[4] is [(byte)'$']) return true;
        return allowsEdges ? call.TryStreamIdOrEdge(4, out id) : call.TryStreamId(4, out id);
    }

    private static void Create(CommandContext call)
    {
        if (!TryOptions(call, creates: true, out var makesStream, out var read)) return;
        var key = call.Key(2);
        if (!TryOpen(call, key, makesStream, out var stream)) return;
        if (call.Count > 8)
        {
            call.SubcommandSyntaxError();
            return;
        }

        if (!TryGroupId(call, stream, allowsEdges: false, out var id)) return;
        if (!stream.Exists) stream.Create();
        if (!stream.CreateGroup(call[3], id, read))
        {
            call.Reply.Error("BUSYGROUP Consumer Group name already exists"u8);
            return;
        }

        call.Changed(key, KeyEvent.XGroupCreate);
        call.Ok();
    }

    private static void SetId(CommandContext call)
    {
        if (!TryOptions(call, creates: false, out _, out var read)) return;
        var key = call.Key(2);
        if (!TryOpenGroup(call, key, out var stream, out var group)) return;
        if (call.Count is not (5 or 7))
        {
            call.SubcommandSyntaxError();
            return;
        }

        if (!TryGroupId(call, stream, allowsEdges: true, out var id)) return;
        stream.SetGroup(group, id, read);
        call.Changed(key, KeyEvent.XGroupSetId);
        call.Ok();
    }

    private static void Destroy(CommandContext call)
    {
        var key = call.Key(2);
        if (!TryOpen(call, key, mayMiss: false, out var stream)) return;
        var group = stream.FindGroup(call[3]);
        if (group >= 0)
        {
            stream.DestroyGroup(group);
            call.Changed(key, KeyEvent.XGroupDestroy);
        }

        call.Reply.Integer(group >= 0 ? 1 : 0);
    }

    private static void CreateConsumer(CommandContext call)
    {
        var key = call.Key(2);
        if (!TryOpenGroup(call, key, out var stream, out var group)) return;
        var isNew = stream.Group(group).FindConsumer(call[4]) < 0;
        if (isNew)
        {
            stream.CreateConsumer(group, call[4], call.Now);
            call.Changed(key, KeyEvent.XGroupCreateConsumer);
        }

        call.Reply.Integer(isNew ? 1 : 0);
    }

    private static void DeleteConsumer(CommandContext call)
    {
        var key = call.Key(2);
        if (!TryOpenGroup(call, key, out var stream, out var group)) return;
        if (stream.DeleteConsumer(group, call[4], out var pending)) call.Changed(key, KeyEvent.XGroupDelConsumer);
        call.Reply.Integer(pending);
    }
}
