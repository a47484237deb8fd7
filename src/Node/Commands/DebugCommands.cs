using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Starling.Node.Config;
using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Commands;

/// <summary>
/// DEBUG: looks into the server and disturbs it, for tests. Refused unless enable-debug-command allows it.
/// </summary>
public static class DebugCommands
{
    private const ulong LargestPackedThreshold = (1UL << 32) - (1UL << 20);

    private const CommandFlags Flags =
        CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("debug", -2, Flags, KeySpec.None, Execute)
        {
            Locks = LockMode.None, Group = "server", Summary = "Container of commands for tests of the server.",
        },
    ];

    private static readonly DebugSubcommand[] Subcommands =
    [
        new("digest", 2, 2, ["DIGEST", "    The digest of the whole data set."], Digest),
        new("digest-value", 2, int.MaxValue,
            ["DIGEST-VALUE <key> [<key> ...]", "    The digests of the values of the keys."], DigestValue),
        new("error", 3, 3, ["ERROR <string>", "    Replies with <string> as an error."], Error),
        new("log", 3, 3, ["LOG <message>", "    Writes <message> to the log."], Log),
        new("object", 3, 3, ["OBJECT <key>", "    How the value at <key> is held."], Object),
        new("populate", 3, 5,
            [
                "POPULATE <count> [<prefix>] [<size>]",
                "    Makes <count> strings with the keys <prefix>:<number>, padded to <size> bytes, in this node only.",
            ], Populate),
        new("protocol", 3, 3,
            [
                "PROTOCOL <type>",
                "    Replies with a value of a type of RESP: string, integer, double, bignum, null, array, set, map,",
                "    attrib, push, verbatim, true, false.",
            ], DebugProtocol.Execute),
        new("quicklist-packed-threshold", 3, 3,
            [
                "QUICKLIST-PACKED-THRESHOLD <size>",
                "    Gives elements of lists from <size> bytes on nodes of their own; 0 for those that no listpack may hold.",
            ], QuicklistPackedThreshold),
        new("reload", 2, int.MaxValue,
            [
                "RELOAD [MERGE] [NOFLUSH] [NOSAVE]",
                "    Saves the data set as RDB file, empties it and loads the file; without saving (NOSAVE), without",
                "    emptying (NOFLUSH), with keys of the file replacing those that are there (MERGE).",
            ], Reload),
        new("set-active-expire", 3, 3,
            ["SET-ACTIVE-EXPIRE <0|1>", "    Stops or starts the background deletion of expired keys."], SetActiveExpire),
        new("sleep", 3, 3,
            ["SLEEP <seconds>", "    Holds back every client for <seconds>, with a fraction if need be."], Sleep),
    ];

    /// <summary>DEBUG PAUSE-CRON, of a node's cron.</summary>
    internal static DebugSubcommand PauseCron(ServerCron cron) =>
        new("pause-cron", 3, 3, ["PAUSE-CRON <0|1>", "    Stops or starts all periodic work."], call =>
        {
            cron.IsPaused = Utf8Parser.TryParse(call[2], out int value, out _) && value != 0;
            call.Ok();
        });

    private static void Execute(CommandContext call)
    {
        if (!IsAllowed(call))
        {
            call.Reply.Error(NotAllowed);
            return;
        }

        if (call.Count == 2 && call.Is(1, "help"u8))
        {
            Help(call);
            return;
        }

        var others = call.Node.DebugSubcommands.All;
        var subcommand = DebugRegistry.Find(Subcommands, call[1]) ?? DebugRegistry.Find(others, call[1]);
        if (subcommand is null || call.Count < subcommand.Least || call.Count > subcommand.Most)
        {
            var name = call[1];
            call.ErrorQuoting(
                "ERR unknown subcommand or wrong number of arguments for '"u8,
                name[..Math.Min(name.Length, 128)],
                "'. Try DEBUG HELP."u8);
            return;
        }

        subcommand.Handler(call);
    }

    private static ReadOnlySpan<byte> NotAllowed =>
        "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", "u8 +
        "you can run it from a local connection, otherwise you need to set this option "u8 +
        "in the configuration file, and then restart the server."u8;

    private static bool IsAllowed(CommandContext call) => call.Node.Config.EnableDebugCommand switch
    {
        "yes" => true,
        "local" => call.Session.Connection is { IsLocal: true },
        _ => false,
    };

    private static void Help(CommandContext call)
    {
        var lines = new List<string>();
        var all = Subcommands.Concat(call.Node.DebugSubcommands.All);
        foreach (var subcommand in all.OrderBy(s => s.Name, StringComparer.Ordinal)) lines.AddRange(subcommand.Help);

        HelpReply.Write(call.Reply, "DEBUG", lines);
    }

    private static void Digest(CommandContext call)
    {
        using var held = call.Whole();
        ReplyWithDigest(call.Reply, DataDigest.Of(call.Keyspace));
    }

    private static void DigestValue(CommandContext call)
    {
        call.Reply.Array(call.Count - 2);
        Span<byte> digest = stackalloc byte[DataDigest.Length];
        for (var i = 2; i < call.Count; i++)
        {
            digest.Clear();
            var key = call.Key(i);
            using (call.Part(key.Slot))
            {
                // Logically expired keys count too.
                if (call.Database.TryFind(key, out var entry)) DataDigest.MixValue(digest, entry);
            }

            ReplyWithDigest(call.Reply, digest);
        }
    }

    private static void ReplyWithDigest(RespWriter reply, ReadOnlySpan<byte> digest) =>
        reply.Simple(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(digest)));

    private static void Error(CommandContext call) => call.Reply.Error(call[2]);

    private static void Log(CommandContext call)
    {
        CommandsLog.DebugLog(call.Node.Loggers.CreateLogger(nameof(DebugCommands)), Encoding.UTF8.GetString(call[2]));
        call.Ok();
    }

    private static void Object(CommandContext call)
    {
        var key = call.Key(2);
        using var held = call.Part(key.Slot);
        if (!call.Database.TryFind(key, out var entry))
        {
            call.Reply.Error(ErrorReplies.NoSuchKey);
            return;
        }

        // No address leaves the allocator; the key's hash stands for one.
        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"Value at:0x{key.Hash:x} refcount:{entry.ReferenceCount} " +
            $"encoding:{Encoding.ASCII.GetString(entry.EncodingName)} " +
            $"serializedlength:{DumpPayload.ContentLength(entry, call.Node.Config.RdbCompression)} " +
            $"lru:{entry.AccessClock} lru_seconds_idle:{ObjectCommands.IdleSecondsOf(call, entry)}{entry.Describe()}");
        call.Reply.Simple(Encoding.ASCII.GetBytes(text));
    }

    private static void Populate(CommandContext call)
    {
        if (!call.TryPositive(2, out var count)) return;
        long size = 0;
        if (call.Count == 5 && !call.TryPositive(4, out size)) return;
        if (size > call.Node.Config.LongestString)
        {
            call.Reply.Error(ErrorReplies.StringTooLong);
            return;
        }

        var prefix = call.Count > 3 ? call[3] : "key"u8;
        var name = new byte[prefix.Length + 1 + ArgumentParser.MaxIntegerLength];
        prefix.CopyTo(name);
        name[prefix.Length] = (byte)':';
        var value = new byte[Math.Max(size, "value:"u8.Length + ArgumentParser.MaxIntegerLength)];
        "value:"u8.CopyTo(value);
        for (long i = 0; i < count; i++)
        {
            Utf8Formatter.TryFormat(i, name.AsSpan(prefix.Length + 1), out var digits);
            Utf8Formatter.TryFormat(i, value.AsSpan("value:"u8.Length), out _);
            var key = call.Keyspace.Key(name.AsSpan(0, prefix.Length + 1 + digits));
            using var held = call.Part(key.Slot);
            if (IsRefusedWhileLoading(call)) return;
            if (call.TryWrite(key, out _)) continue;
            var length = size == 0 ? "value:"u8.Length + digits : (int)size;
            call.Database.SetString(key, value.AsSpan(0, length), Entry.NoExpiry, call.AccessClock);
            call.Changed(key, KeyEvent.Set);
        }

        call.SuppressEffect();
        call.Ok();
    }

    private static void QuicklistPackedThreshold(CommandContext call)
    {
        if (!MemorySize.TryParse(Encoding.Latin1.GetString(call[2]), out var size) || size > LargestPackedThreshold)
        {
            call.Reply.Error("ERR argument must be a memory value bigger than 1 and smaller than 4gb"u8);
            return;
        }

        call.Keyspace.ChangeValueOptions(options => options with { ListPackedThreshold = (long)size });
        call.Ok();
    }

    private static void Reload(CommandContext call)
    {
        bool save = true, flush = true, merge = false;
        for (var i = 2; i < call.Count; i++)
        {
            if (call.Is(i, "merge"u8)) merge = true;
            else if (call.Is(i, "noflush"u8)) flush = false;
            else if (call.Is(i, "nosave"u8)) save = false;
            else
            {
                call.Reply.Error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."u8);
                return;
            }
        }

        if (!call.MayBlock)
        {
            call.Reply.Error("ERR DEBUG RELOAD is not possible in a transaction"u8);
            return;
        }

        if (IsRefusedWhileLoading(call)) return;
        string? error = null;
        var suspension = call.Suspend(0, (reply, _) =>
        {
            if (error is null) reply.Simple("OK"u8);
            else reply.Error(error);
        });
        var replication = call.Node.Replication;
        call.Node.Persistence.Reload(save, flush, merge, failure =>
        {
            replication.Flush(); // the DELs of what has expired
            error = failure;
            suspension.Complete();
        });
    }

    /// <summary>DEBUG passes the gate while a data set is being loaded; what changes the keyspace may not.</summary>
    private static bool IsRefusedWhileLoading(CommandContext call)
    {
        if (!call.Node.Persistence.IsLoading) return false;
        call.Reply.Error(ErrorReplies.Loading);
        return true;
    }

    private static void SetActiveExpire(CommandContext call)
    {
        call.Node.ActiveExpiry.IsEnabled = Utf8Parser.TryParse(call[2], out int value, out _) && value != 0;
        call.Ok();
    }

    private static void Sleep(CommandContext call)
    {
        if (!Utf8Parser.TryParse(call[2], out double seconds, out _) || !(seconds > 0))
        {
            call.Ok();
            return;
        }

        var milliseconds = (long)Math.Ceiling(Math.Min(seconds, int.MaxValue / 1000) * 1000);
        if (call.MayBlock)
        {
            // The node looks hung to its clients and to its master, as Redis's one thread does.
            var until = call.Now + milliseconds;
            call.Node.Clients.PauseAll("debug sleep", until);
            call.Suspend(until, static (reply, _) => reply.Simple("OK"u8));
            return;
        }

        // What comes behind it in the transaction sees a later time, and nobody what came before: only every stripe does that.
        using (call.Whole()) Thread.Sleep(TimeSpan.FromMilliseconds(milliseconds));
        call.Ok();
    }
}
