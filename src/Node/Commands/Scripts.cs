using Starling.Node.Scripting;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>EVAL and its kin, and SCRIPT.</summary>
public static class Scripts
{
    private const int FirstKey = 3;
    private const CommandFlags Running =
        CommandFlags.NoScript | CommandFlags.Stale | CommandFlags.SkipMonitor | CommandFlags.MayReplicate | CommandFlags.NoMandatoryKeys
        | CommandFlags.MovableKeys;

    private const CommandFlags Reading =
        CommandFlags.NoScript | CommandFlags.Stale | CommandFlags.SkipMonitor | CommandFlags.ReadOnly | CommandFlags.NoMandatoryKeys
        | CommandFlags.MovableKeys;

    private const string UnknownWrites = "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE";
    private const string UnknownReads = "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS";

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        Row("eval", Running, ScriptForm.Source, "Executes a server-side Lua script.", "2.6.0"),
        Row("evalsha", Running, ScriptForm.Hash, "Executes a server-side Lua script by SHA1 digest.", "2.6.0"),
        Row("eval_ro", Reading, ScriptForm.Source, "Executes a read-only server-side Lua script.", "7.0.0"),
        Row("evalsha_ro", Reading, ScriptForm.Hash, "Executes a read-only server-side Lua script by SHA1 digest.", "7.0.0"),
        new("script", -2, CommandFlags.None, KeySpec.None, null)
        {
            Group = "scripting", Since = "2.6.0", Summary = "A container for Lua scripts management commands.",
            Subcommands =
            [
                Subcommand("debug", 3, CommandFlags.NoScript, Debug, "Set the debug mode for subsequent scripts executed.", "(YES|SYNC|NO)"),
                Subcommand(
                    "exists", -3, CommandFlags.NoScript, Exists,
                    "Return information about the existence of the scripts in the script cache.", "<sha1> [<sha1> ...]",
                    "request_policy:all_shards", "response_policy:agg_logical_and"),
                Subcommand(
                    "flush", -2, CommandFlags.NoScript, Flush, "Flush the Lua scripts cache. Very dangerous on replicas.", "[ASYNC|SYNC]",
                    "request_policy:all_nodes", "response_policy:all_succeeded"),
                Subcommand(
                    "kill", 2, CommandFlags.NoScript | CommandFlags.AllowBusy, Kill, "Kill the currently executing Lua script.", "",
                    "request_policy:all_shards", "response_policy:one_succeeded"),
                Subcommand(
                    "help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "Returns helpful text about the different subcommands.", ""),
                Subcommand(
                    "load", 3, CommandFlags.NoScript | CommandFlags.Stale, Load,
                    "Load a script into the scripts cache without executing it.", "<script>",
                    "request_policy:all_nodes", "response_policy:all_succeeded"),
            ],
        },
    ];

    private static Command Row(string name, CommandFlags flags, ScriptForm form, string summary, string since) =>
        new(name, -3, flags, KeySpec.None, Evaluate)
        {
            Script = form,
            KeyCountAt = 2,
            KeyFlags = (flags & CommandFlags.ReadOnly) != 0 ? "RO access" : "RW access update",
            KeyNotes = form == ScriptForm.Hash ? "" : (flags & CommandFlags.ReadOnly) != 0 ? UnknownReads : UnknownWrites,
            Group = "scripting",
            AclCategories = ["scripting"],
            Since = since,
            Summary = summary,
        };

    private static Command Subcommand(
        string name, int arity, CommandFlags flags, CommandHandler handler, string summary, string arguments, params string[] tips) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            Locks = LockMode.None,
            Group = "scripting",
            AclCategories = ["scripting"],
            Since = name switch
            {
                "debug" => "3.2.0",
                "help" => "5.0.0",
                _ => "2.6.0",
            },
            Summary = summary,
            ArgumentsHelp = arguments,
            Tips = tips,
        };

    private static void Evaluate(CommandContext call)
    {
        var row = call.Command;
        var isHash = row.Script == ScriptForm.Hash;
        var scripts = call.Node.Scripts;
        if (isHash && call[1].Length != Sha1.HexLength)
        {
            call.Reply.Error(ErrorReplies.NoScript);
            return;
        }

        if (!TryCountKeys(call, out var keys)) return;
        if (!ScriptService.IsSupported)
        {
            call.Reply.Error(ScriptService.WhyNot);
            return;
        }

        var script = isHash ? scripts.Find(call[1]) : scripts.FindSource(call[1]);
        if (script is null && isHash)
        {
            call.Reply.Error(ErrorReplies.NoScript);
            return;
        }

        if (script is null && scripts.Load(call[1], out script) is { } problem)
        {
            call.Reply.Error(problem);
            return;
        }

        var isReadOnly = (row.Flags & CommandFlags.ReadOnly) != 0;
        var refusal = ScriptGate.JudgeScript(call, script, isReadOnly);
        if (refusal.Length > 0) call.Reply.Error(refusal);
        else ScriptRun.Execute(call, script, isReadOnly ? script.Head.Flags | ScriptFlags.NoWrites : script.Head.Flags, keys);
    }

    private static bool TryCountKeys(CommandContext call, out int keys)
    {
        keys = 0;
        if (!ArgumentParser.TryInteger(call[2], out long count)) call.Reply.Error(ErrorReplies.NotAnInteger);
        else if (count > call.Count - FirstKey) call.Reply.Error("ERR Number of keys can't be greater than number of args"u8);
        else if (count < 0) call.Reply.Error("ERR Number of keys can't be negative"u8);
        else
        {
            keys = (int)count;
            return true;
        }

        return false;
    }

    private static void Load(CommandContext call)
    {
        if (!ScriptService.IsSupported) call.Reply.Error(ScriptService.WhyNot);
        else if (call.Node.Scripts.Load(call[2], out var script) is { } problem) call.Reply.Error(problem);
        else call.Reply.Bulk(script.Hash);
    }

    private static void Exists(CommandContext call)
    {
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++) call.Reply.Integer(call.Node.Scripts.Find(call[i]) is null ? 0 : 1);
    }

    private static void Flush(CommandContext call)
    {
        if (call.Count > 3 || (call.Count == 3 && !call.Is(2, "sync"u8) && !call.Is(2, "async"u8)))
        {
            call.Reply.Error("ERR SCRIPT FLUSH only support SYNC|ASYNC option"u8);
            return;
        }

        call.Node.Scripts.Flush();
        call.Reply.Simple("OK"u8);
    }

    private static void Kill(CommandContext call)
    {
        var problem = call.Node.Scripts.Kill(functions: false);
        if (problem.Length > 0) call.Reply.Error(problem);
        else call.Reply.Simple("OK"u8);
    }

    private static void Help(CommandContext call) => HelpReply.Write(
        call.Reply,
        "SCRIPT",
        [
            "DEBUG (YES|SYNC|NO)",
            "    Set the debug mode for subsequent scripts executed.",
            "EXISTS <sha1> [<sha1> ...]",
            "    Return information about the existence of the scripts in the script cache.",
            "FLUSH [ASYNC|SYNC]",
            "    Flush the Lua scripts cache. Very dangerous on replicas.",
            "    When called without the optional mode argument, the behavior is determined by the",
            "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
            "    * ASYNC: Asynchronously flush the scripts cache.",
            "    * SYNC: Synchronously flush the scripts cache.",
            "KILL",
            "    Kill the currently executing Lua script.",
            "LOAD <script>",
            "    Load a script into the scripts cache without executing it.",
        ]);

    private static void Debug(CommandContext call)
    {
        if (call.Is(2, "no"u8)) call.Reply.Simple("OK"u8);
        else if (call.Is(2, "yes"u8) || call.Is(2, "sync"u8)) call.Reply.Error("ERR the debugger of scripts is not supported"u8);
        else call.Reply.Error("ERR Use SCRIPT DEBUG YES/SYNC/NO"u8);
    }
}
