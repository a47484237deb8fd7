using System.Text;
using Starling.Node.Config;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>CONFIG.</summary>
public static class Configuration
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    private static readonly string[] HelpLines =
    [
        "GET <pattern>",
        "    Return parameters matching the glob-like <pattern> and their values.",
        "SET <directive> <value>",
        "    Set the configuration <directive> to <value>.",
        "RESETSTAT",
        "    Reset statistics reported by the INFO command.",
        "REWRITE",
        "    Rewrite the configuration file.",
    ];

    /// <summary>The commands of this family.</summary>
    public static readonly Command[] Rows =
    [
        new("config", -2, CommandFlags.None, KeySpec.None, handler: null)
        {
            Group = "server",
            Since = "2.0.0",
            Summary = "A container for server configuration commands.",
            Subcommands =
            [
                Subcommand("get", -3, Get, "2.0.0", "Returns the effective values of configuration parameters."),
                Subcommand("set", -4, Set, "2.0.0", "Sets configuration parameters in-flight.",
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"]),
                Subcommand("resetstat", 2, ResetStatistics, "2.0.0", "Resets the server's statistics."),
                Subcommand("rewrite", 2, call => Rewrite(call, writeDefaults: false), "2.8.0", "Persists the effective configuration to file."),
                new Command("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Help)
                {
                    Locks = LockMode.None,
                    Group = "server",
                    Since = "5.0.0",
                    Summary = "Returns helpful text about the different subcommands.",
                },
            ],
        },
    ];

    private static Command Subcommand(string name, int arity, CommandHandler handler, string since, string summary, string[]? tips = null) =>
        new(name, arity, Flags, KeySpec.None, handler)
        {
            Locks = LockMode.None,
            Group = "server",
            Since = since,
            Tips = tips ?? [],
            Summary = summary,
        };

    private static void Help(CommandContext call) => HelpReply.Write(call.Reply, "CONFIG", HelpLines);

    private static void Get(CommandContext call)
    {
        var found = new Dictionary<string, Directive>(StringComparer.Ordinal);
        for (var i = 2; i < call.Count; i++)
        {
            var pattern = call[i];
            if (pattern.IndexOfAny("[*?"u8) >= 0)
            {
                foreach (var directive in DirectiveTable.All) AddMatches(found, directive, pattern);
                continue;
            }

            var name = Encoding.UTF8.GetString(pattern);
            if (DirectiveTable.Find(name) is { } exact) found.TryAdd(name, exact);
        }

        call.Reply.Map(found.Count);
        foreach (var (name, directive) in found)
        {
            call.Reply.Bulk(name);
            call.Reply.Bulk(directive.Get(call.Node.Config));
        }
    }

    private static void AddMatches(Dictionary<string, Directive> found, Directive directive, ReadOnlySpan<byte> pattern)
    {
        if (directive.IsHidden) return;
        if (Matches(pattern, directive.Name)) found.TryAdd(directive.Name, directive);
        foreach (var alias in directive.Aliases)
        {
            if (Matches(pattern, alias)) found.TryAdd(alias, directive);
        }

        static bool Matches(ReadOnlySpan<byte> pattern, string name) =>
            GlobPattern.Matches(pattern, Encoding.ASCII.GetBytes(name), ignoreCase: true);
    }

    private static void Set(CommandContext call)
    {
        if (call.Count % 2 != 0)
        {
            call.Reply.Error(ErrorReplies.Syntax);
            return;
        }

        HideSecrets(call);
        if (!TryReadSettings(call, out var settings, out var names)) return;
        var node = call.Node;
        if (!settings.Exists(MayWait))
        {
            Reply(call.Reply, Apply(node, settings, names));
            return;
        }

        if (!call.MayBlock)
        {
            call.Reply.Error("ERR CONFIG SET of host names isn't allowed inside a transaction"u8);
            return;
        }

        // A name server can take its time: the client waits, its thread does not.
        string? error = null;
        var waiting = call.Suspend(0, (reply, _) => Reply(reply, error));
        ThreadPool.UnsafeQueueUserWorkItem(
            _ =>
            {
                error = Apply(node, settings, names);
                waiting.Complete();
            },
            state: null);
    }

    private static void HideSecrets(CommandContext call)
    {
        for (var i = 2; i + 1 < call.Count; i += 2)
        {
            if (DirectiveTable.Find(Encoding.UTF8.GetString(call[i])) is { IsSensitive: true }) call.Session.Hidden.Add(i + 1);
        }
    }

    private static void Reply(RespWriter reply, string? error)
    {
        if (error is null) reply.Simple("OK"u8);
        else reply.Error(error);
    }

    /// <summary>True when setting the value takes looking a name up.</summary>
    private static bool MayWait((Directive Directive, string Value) setting) =>
        setting.Directive.Name == "bind" && ListenAddress.NeedsLookUp(setting.Value.Split(' '));

    /// <summary>Sets the values; null, or the error reply's text, with the name (of several) that the client used.</summary>
    private static string? Apply(NodeParts node, List<(Directive Directive, string Value)> settings, List<string> names)
    {
        var config = node.Config;
        if (!config.Changes.TrySet(config, settings, out var failed, out var reason))
            return Failure(names[settings.FindIndex(setting => setting.Directive == failed)], reason!);
        var log = node.Loggers.CreateLogger("config");
        foreach (var (directive, _) in settings)
        {
            if (directive.State == DirectiveState.NotYetEffective) ConfigLog.SetWithoutEffect(log, directive.Name);
        }

        return null;
    }

    /// <summary>
    /// Checks everything about the arguments that does not need their values; writes the error reply when it answers
    /// false.
    /// </summary>
    private static bool TryReadSettings(
        CommandContext call, out List<(Directive Directive, string Value)> settings, out List<string> names)
    {
        (settings, names) = ([], []);
        for (var i = 2; i < call.Count; i += 2)
        {
            var name = Encoding.UTF8.GetString(call[i]).ToLowerInvariant();
            if (DirectiveTable.Find(name) is not { } directive)
            {
                call.ErrorQuoting("ERR Unknown option or number of arguments for CONFIG SET - '"u8, call[i], "'"u8);
                return false;
            }

            if (directive.IsImmutable) return Fail(call, name, "can't set immutable config");
            if (directive.IsProtected && !MayChangeProtected(call)) return Fail(call, name, "can't set protected config");
            if (directive.IsDeniedWhileLoading && call.Node.Persistence.IsLoading)
            {
                call.Reply.Error("LOADING Redis is loading the dataset in memory"u8);
                return false;
            }

            if (settings.Exists(setting => setting.Directive == directive)) return Fail(call, name, "duplicate parameter");
            if (!TryDecode(call[i + 1], out var value)) return Fail(call, name, "argument must be UTF-8 text");
            settings.Add((directive, value));
            names.Add(name);
        }

        return true;
    }

    private static bool TryDecode(ReadOnlySpan<byte> bytes, out string text)
    {
        text = Encoding.UTF8.GetString(bytes);
        return System.Text.Unicode.Utf8.IsValid(bytes);
    }

    private static bool MayChangeProtected(CommandContext call) => call.Node.Config.EnableProtectedConfigs switch
    {
        "yes" => true,
        "local" => call.Session.Connection is { IsLocal: true },
        _ => false,
    };

    private static bool Fail(CommandContext call, string directive, string reason)
    {
        call.Reply.Error(Failure(directive, reason));
        return false;
    }

    private static string Failure(string directive, string reason) =>
        $"ERR CONFIG SET failed (possibly related to argument '{directive}') - {reason}";

    private static void ResetStatistics(CommandContext call)
    {
        call.Node.Info.Reset();
        call.Reply.Simple("OK"u8);
    }

    /// <summary>
    /// DEBUG CONFIG-REWRITE-FORCE-ALL: CONFIG REWRITE that writes every directive, those with their default value too.
    /// </summary>
    internal static DebugSubcommand RewriteEverything { get; } = new(
        "config-rewrite-force-all",
        2,
        2,
        ["CONFIG-REWRITE-FORCE-ALL", "    Like CONFIG REWRITE but writes all configuration options, including",
            "    keywords not listed in original configuration file or default values."],
        call => Rewrite(call, writeDefaults: true));

    private static void Rewrite(CommandContext call, bool writeDefaults)
    {
        var node = call.Node;
        if (node.Config.File is not { } file)
        {
            call.Reply.Error("ERR The server is running without a config file"u8);
            return;
        }

        var content = ConfigContent.Take(node.Config);
        call.Session.LateReplies.Add(call, () =>
        {
            var reason = ConfigFile.TryRewrite(content, file, writeDefaults);
            var log = node.Loggers.CreateLogger("config");
            if (reason is null) ConfigLog.Rewritten(log);
            else ConfigLog.RewriteFailed(log, reason);
            return reason is null ? null : "ERR Rewriting config file: " + reason;
        });
    }
}
