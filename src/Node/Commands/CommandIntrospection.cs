using System.Numerics;
using System.Text;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>COMMAND and its subcommands: what the command table says about its rows.</summary>
public static class CommandIntrospection
{
    private const CommandFlags Usual = CommandFlags.Loading | CommandFlags.Stale;

    private static readonly (CommandFlags Flag, string Name)[] FlagNames =
    [
        (CommandFlags.Write, "write"), (CommandFlags.ReadOnly, "readonly"), (CommandFlags.DenyOom, "denyoom"),
        (CommandFlags.Admin, "admin"), (CommandFlags.PubSub, "pubsub"), (CommandFlags.NoScript, "noscript"),
        (CommandFlags.Blocking, "blocking"), (CommandFlags.Loading, "loading"), (CommandFlags.Stale, "stale"),
        (CommandFlags.SkipMonitor, "skip_monitor"), (CommandFlags.SkipSlowLog, "skip_slowlog"),
        (CommandFlags.Asking, "asking"), (CommandFlags.Fast, "fast"), (CommandFlags.NoAuth, "no_auth"),
        (CommandFlags.NoMandatoryKeys, "no_mandatory_keys"),
        (CommandFlags.NoMulti, "no_multi"), (CommandFlags.MovableKeys, "movablekeys"),
        (CommandFlags.AllowBusy, "allow_busy"), (CommandFlags.NoAsyncLoading, "no_async_loading"),
    ];

    private static readonly string[] AnyOrder = ["nondeterministic_output_order"];

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("command", -1, Usual, KeySpec.None, All)
        {
            Summary = "Returns detailed information about all commands.", Since = "2.8.13", Group = "server",
            AclCategories = ["connection"], Tips = AnyOrder,
            Subcommands =
            [
                Row("count", 2, CountAll, "Return the total number of commands in this Redis server.", ""),
                Row("list", -2, List, "Return a list of all commands in this Redis server.",
                    "[FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)]", tips: AnyOrder),
                Row("info", -2, Info, "Return details about multiple Redis commands; about all when none is named.",
                    "[<command-name> ...]", tips: AnyOrder),
                Row("docs", -2, Docs, "Return documentation details about multiple Redis commands; about all when none is named.",
                    "[<command-name> ...]", tips: AnyOrder),
                Row("getkeys", -3, GetKeys, "Return the keys from a full Redis command.", "<full-command>"),
                Row("getkeysandflags", -3, GetKeysAndFlags,
                    "Return the keys and the access flags from a full Redis command.", "<full-command>"),
            ],
        },
    ];

    private static Command Row(string name, int arity, CommandHandler handler, string summary, string arguments, string[]? tips = null) =>
        new(name, arity, Usual, KeySpec.None, handler)
        {
            Summary = summary,
            ArgumentsHelp = arguments,
            Tips = tips ?? [],
            Since = name switch { "list" or "docs" or "getkeysandflags" => "7.0.0", _ => "2.8.13" },
            Group = "server",
            AclCategories = ["connection"],
        };

    private static void All(CommandContext call)
    {
        var commands = call.Node.Commands.Commands;
        call.Reply.Array(commands.Count);
        foreach (var command in commands) Describe(call.Reply, command);
    }

    private static void CountAll(CommandContext call) => call.Reply.Integer(call.Node.Commands.Commands.Count);

    private static void Info(CommandContext call)
    {
        if (call.Count == 2)
        {
            All(call);
            return;
        }

        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++)
        {
            if (call.Node.Commands.FindFullName(call[i]) is { } command) Describe(call.Reply, command);
            else call.Reply.Null();
        }
    }

    private static void List(CommandContext call)
    {
        Func<CommandRow, bool> filter = _ => true;
        if (call.Count != 2)
        {
            if (call.Count != 5 || !call.Is(2, "filterby"u8))
            {
                call.Reply.Error(ErrorReplies.Syntax);
                return;
            }

            var wanted = call[4].ToArray();
            if (call.Is(3, "module"u8))
            {
                filter = _ => false; // no modules here
            }
            else if (call.Is(3, "aclcat"u8))
            {
                var category = Encoding.Latin1.GetString(wanted).ToLowerInvariant();
                filter = command => command.AllCategories.Contains(category);
            }
            else if (call.Is(3, "pattern"u8))
            {
                filter = command => GlobPattern.Matches(wanted, Encoding.ASCII.GetBytes(command.FullName), ignoreCase: true);
            }
            else
            {
                call.Reply.Error(ErrorReplies.Syntax);
                return;
            }
        }

        // Without a filter Redis lists commands and subcommands as well.
        var mark = call.Reply.BeginArray();
        var count = 0;
        foreach (var command in call.Node.Commands.All)
        {
            if (!filter(command)) continue;
            call.Reply.Bulk(command.FullName);
            count++;
        }

        call.Reply.EndArray(mark, count);
    }

    private static void Docs(CommandContext call)
    {
        var table = call.Node.Commands;
        var found = new List<CommandRow>();
        if (call.Count == 2) found.AddRange(table.Commands);
        for (var i = 2; i < call.Count; i++)
            if (table.FindFullName(call[i]) is { } command) found.Add(command);
        call.Reply.Map(found.Count);
        foreach (var command in found)
        {
            call.Reply.Bulk(command.FullName);
            WriteDocs(call.Reply, command);
        }
    }

    private static void WriteDocs(RespWriter reply, CommandRow command)
    {
        var syntax = CommandSyntax.Of(command.FullName);
        reply.Map((command.AllSubcommands.Count > 0 ? 4 : 3) + (syntax?.FieldCount ?? 0));
        reply.Bulk("summary"u8);
        reply.Bulk(command.Summary);
        reply.Bulk("since"u8);
        reply.Bulk(command.Since);
        reply.Bulk("group"u8);
        reply.Bulk(command.Group);
        syntax?.Write(reply);
        if (command.AllSubcommands.Count == 0) return;
        reply.Bulk("subcommands"u8);
        reply.Map(command.AllSubcommands.Count);
        foreach (var subcommand in command.AllSubcommands)
        {
            reply.Bulk(subcommand.FullName);
            WriteDocs(reply, subcommand);
        }
    }

    private static void GetKeys(CommandContext call)
    {
        if (!TryKeys(call, out var command, out var arguments, out var positions)) return;
        _ = command;
        call.Reply.Array(positions.Count);
        foreach (var position in positions) call.Reply.Bulk(arguments[position]);
    }

    private static void GetKeysAndFlags(CommandContext call)
    {
        if (!TryKeys(call, out var command, out var arguments, out var positions)) return;
        call.Reply.Array(positions.Count);
        var flags = command.FindKeyFlags?.Invoke(arguments) ?? command.KeyFlags;
        for (var i = 0; i < positions.Count; i++)
        {
            call.Reply.Array(2);
            call.Reply.Bulk(arguments[positions[i]]);
            WriteFlags(call.Reply, flags[i]);
        }
    }

    private static bool TryKeys(CommandContext call, out CommandRow command, out ArgumentList arguments, out List<int> positions)
    {
        arguments = new ArgumentList();
        arguments.CopyFrom(call.Arguments, 2);
        positions = [];
        var table = call.Node.Commands;
        var found = table.Find(arguments[0]);
        if (found?.SubcommandIndex is { } index && arguments.Count > 1) found = index.Find(arguments[1]);
        command = found!;
        if (found is null)
        {
            call.Reply.Error("ERR Invalid command specified"u8);
            return false;
        }

        if (!command.HasKeys || command.NamesChannels)
        {
            call.Reply.Error("ERR The command has no key arguments"u8);
            return false;
        }

        var arity = command.Arity;
        if (arity > 0 ? arguments.Count != arity : arguments.Count < -arity)
        {
            call.Reply.Error("ERR Invalid number of arguments specified for command"u8);
            return false;
        }

        if (command.TryFindKeys(arguments, positions) && positions.Count > 0) return true;
        if ((command.Flags & CommandFlags.NoMandatoryKeys) != 0) call.Reply.Array(0);
        else call.Reply.Error("ERR Invalid arguments specified for command"u8);
        return false;
    }

    private static void Describe(RespWriter reply, CommandRow command)
    {
        var keys = command.Keys;
        reply.Array(10);
        reply.Bulk(command.FullName);
        reply.Integer(command.Arity);
        var flags = FlagNames.Where(pair => (command.Flags & pair.Flag) != 0).Select(pair => pair.Name).ToList();
        reply.Set(flags.Count);
        foreach (var flag in flags) reply.Simple(Encoding.ASCII.GetBytes(flag));
        reply.Integer(keys.First);
        reply.Integer(keys.Last);
        reply.Integer(keys.First == 0 ? 0 : keys.Step);
        var categories = command.AllCategories;
        reply.Set(categories.Count);
        foreach (var category in categories) reply.Simple(Encoding.ASCII.GetBytes("@" + category));
        reply.Set(command.Tips.Length);
        foreach (var tip in command.Tips) reply.Bulk(tip);
        WriteKeySpecs(reply, command);
        reply.Array(command.AllSubcommands.Count);
        foreach (var subcommand in command.AllSubcommands) Describe(reply, subcommand);
    }

    private static void WriteKeySpecs(RespWriter reply, CommandRow command)
    {
        var keys = command.Keys;
        if (!command.HasKeys)
        {
            reply.Set(0);
            return;
        }

        var flags = command.KeyFlags;
        reply.Set(flags.Count + command.UnplacedKeys.Length + command.KeywordKeys.Length);
        for (var i = 0; i < flags.Count; i++)
        {
            // Several sets of flags: one spec for each key, the last one for all that follow.
            var isLast = i == flags.Count - 1;
            var isRest = isLast && keys.Last < 0;
            var spec = flags.Count == 1 ? keys : isRest ? KeySpec.From(keys.First + i, keys.Step) : KeySpec.At(keys.First + i);
            if (command.KeyCountAt > 0 && isLast) WriteCountedKeySpec(reply, command.KeyCountAt, flags[i], command.KeyNotes);
            else if (command.KeysBehindWord is var (first, start)) WriteKeywordKeySpec(reply, first, start, flags[i], isHalfOfTheRest: true);
            else WriteKeySpec(reply, spec, flags[i], command.KeyNotes);
        }

        foreach (var (notes, unplaced) in command.UnplacedKeys) WriteKeySpec(reply, KeySpec.None, unplaced[0], notes);
        foreach (var (word, from, found) in command.KeywordKeys) WriteKeywordKeySpec(reply, word, from, found[0], isHalfOfTheRest: false);
    }

    private static void WriteKeySpec(RespWriter reply, KeySpec keys, KeyFlag flags, string notes)
    {
        BeginKeySpec(reply, flags, notes);
        if (keys.First == 0)
        {
            WriteStep(reply, "begin_search"u8, "unknown"u8);
            WriteStep(reply, "find_keys"u8, "unknown"u8);
            return;
        }

        WriteStep(reply, "begin_search"u8, "index"u8, ("index", keys.First));
        var last = keys.Last < 0 ? keys.Last : keys.Last - keys.First;
        WriteStep(reply, "find_keys"u8, "range"u8, ("lastkey", last), ("keystep", keys.Step), ("limit", 0));
    }

    private static void WriteCountedKeySpec(RespWriter reply, int countAt, KeyFlag flags, string notes)
    {
        BeginKeySpec(reply, flags, notes);
        WriteStep(reply, "begin_search"u8, "index"u8, ("index", countAt));
        WriteStep(reply, "find_keys"u8, "keynum"u8, ("keynumidx", 0), ("firstkey", 1), ("keystep", 1));
    }

    /// <summary>Keys behind a word: one, or the first half of what follows.</summary>
    private static void WriteKeywordKeySpec(RespWriter reply, string word, int from, KeyFlag flags, bool isHalfOfTheRest)
    {
        BeginKeySpec(reply, flags, notes: "");
        BeginStep(reply, "begin_search"u8, "keyword"u8, 2);
        reply.Bulk("keyword"u8);
        reply.Bulk(word);
        reply.Bulk("startfrom"u8);
        reply.Integer(from);
        var (last, limit) = isHalfOfTheRest ? (-1, 2) : (0, 0);
        WriteStep(reply, "find_keys"u8, "range"u8, ("lastkey", last), ("keystep", 1), ("limit", limit));
    }

    /// <summary>A key spec up to its two steps, which follow.</summary>
    private static void BeginKeySpec(RespWriter reply, KeyFlag flags, string notes)
    {
        reply.Map(notes.Length == 0 ? 3 : 4);
        if (notes.Length > 0)
        {
            reply.Bulk("notes"u8);
            reply.Bulk(notes);
        }

        reply.Bulk("flags"u8);
        WriteFlags(reply, flags);
    }

    /// <summary>A step of a key spec up to its properties, which follow.</summary>
    private static void BeginStep(RespWriter reply, ReadOnlySpan<byte> step, ReadOnlySpan<byte> type, int properties)
    {
        reply.Bulk(step);
        reply.Map(2);
        reply.Bulk("type"u8);
        reply.Bulk(type);
        reply.Bulk("spec"u8);
        reply.Map(properties);
    }

    private static void WriteStep(
        RespWriter reply, ReadOnlySpan<byte> step, ReadOnlySpan<byte> type, params ReadOnlySpan<(string Name, int Value)> properties)
    {
        BeginStep(reply, step, type, properties.Length);
        foreach (var (name, value) in properties)
        {
            reply.Bulk(name);
            reply.Integer(value);
        }
    }

    private static void WriteFlags(RespWriter reply, KeyFlag flags)
    {
        reply.Set(BitOperations.PopCount((uint)flags));
        foreach (var word in KeyUses.WordsOf(flags)) reply.Simple(Encoding.ASCII.GetBytes(word));
    }
}
