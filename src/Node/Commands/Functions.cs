using System.Diagnostics;
using Starling.Node.Persistence;
using Starling.Node.Scripting;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>FUNCTION, FCALL and FCALL_RO.</summary>
public static class Functions
{
    private const int FirstKey = 3;

    private const CommandFlags Calling = CommandFlags.NoScript | CommandFlags.Stale | CommandFlags.SkipMonitor | CommandFlags.NoMandatoryKeys
        | CommandFlags.MovableKeys;

    private const string UnknownWrites = "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE";
    private const string UnknownReads = "We cannot tell how the keys will be used so we assume the worst, RO and ACCESS";
    private const string OnAllShards = "request_policy:all_shards";
    private const string AllSucceeded = "response_policy:all_succeeded";

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        Row("fcall", Calling | CommandFlags.MayReplicate, "Invokes a function."),
        Row("fcall_ro", Calling | CommandFlags.ReadOnly, "Invokes a read-only function."),
        new("function", -2, CommandFlags.None, KeySpec.None, null)
        {
            Group = "scripting", Since = "7.0.0", Summary = "A container for function commands.",
            Subcommands =
            [
                Subcommand("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "Returns helpful text about the different subcommands.", ""),
                Change("delete", 3, CommandFlags.None, Delete, "Deletes a library and its functions.", "<LIBRARY NAME>"),
                Change("load", -3, CommandFlags.DenyOom, Load, "Creates a library.", "[REPLACE] <FUNCTION CODE>"),
                Change(
                    "restore", -3, CommandFlags.DenyOom, Restore, "Restores all libraries from a payload.", "<PAYLOAD> [FLUSH|APPEND|REPLACE]"),
                Change("flush", -2, CommandFlags.None, Flush, "Deletes all libraries and functions.", "[ASYNC|SYNC]"),
                Subcommand("dump", 2, CommandFlags.NoScript, Dump, "Dumps all libraries into a serialized binary payload.", ""),
                Subcommand(
                    "list", -2, CommandFlags.NoScript, List, "Returns information about all libraries.", "[LIBRARYNAME PATTERN] [WITHCODE]",
                    "nondeterministic_output_order"),
                Subcommand(
                    "kill", 2, CommandFlags.NoScript | CommandFlags.AllowBusy, Kill, "Terminates a function during execution.", "",
                    OnAllShards, "response_policy:one_succeeded"),
                Subcommand(
                    "stats", 2, CommandFlags.NoScript | CommandFlags.AllowBusy, Stats, "Returns information about a function during execution.", "",
                    "nondeterministic_output", OnAllShards, "response_policy:special"),
            ],
        },
    ];

    private static Command Row(string name, CommandFlags flags, string summary) =>
        new(name, -3, flags, KeySpec.None, Call)
        {
            Script = ScriptForm.Function,
            KeyCountAt = 2,
            KeyFlags = (flags & CommandFlags.ReadOnly) != 0 ? "RO access" : "RW access update",
            KeyNotes = (flags & CommandFlags.ReadOnly) != 0 ? UnknownReads : UnknownWrites,
            Group = "scripting",
            AclCategories = ["scripting"],
            Since = "7.0.0",
            Summary = summary,
        };

    /// <summary>What changes the libraries: it runs with every stripe held, so that no function runs meanwhile.</summary>
    private static Command Change(string name, int arity, CommandFlags flags, CommandHandler handler, string summary, string arguments) =>
        new(name, arity, flags | CommandFlags.Write | CommandFlags.NoScript, KeySpec.None, handler)
        {
            Locks = LockMode.All,
            Group = "scripting",
            AclCategories = ["scripting"],
            Since = "7.0.0",
            Summary = summary,
            ArgumentsHelp = arguments,
            Tips = [OnAllShards, AllSucceeded],
        };

    private static Command Subcommand(
        string name, int arity, CommandFlags flags, CommandHandler handler, string summary, string arguments, params string[] tips) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            Locks = LockMode.None,
            Group = "scripting",
            AclCategories = ["scripting"],
            Since = "7.0.0",
            Summary = summary,
            ArgumentsHelp = arguments,
            Tips = tips,
        };

    private static void Call(CommandContext call)
    {
        var function = call.Node.Scripts.Functions.Current.FindFunction(call[1]);
        if (function is null)
        {
            call.Reply.Error("ERR Function not found"u8);
            return;
        }

        if (!ArgumentParser.TryInteger(call[2], out long keys)) call.Reply.Error("ERR Bad number of keys provided"u8);
        else if (keys > call.Count - FirstKey) call.Reply.Error("ERR Number of keys can't be greater than number of args"u8);
        else if (keys < 0) call.Reply.Error("ERR Number of keys can't be negative"u8);
        else Call(call, function, (int)keys);
    }

    private static void Call(CommandContext call, LibraryFunction function, int keys)
    {
        if (function.TakesEverything && !call.HoldsEverything)
        {
            call.Session.NeedsEverything = true; // it was loaded since the stripes were chosen
            return;
        }

        var isReadOnly = (call.Command.Flags & CommandFlags.ReadOnly) != 0;
        var refusal = ScriptGate.JudgeScript(call, function, isReadOnly);
        if (refusal.Length > 0) call.Reply.Error(refusal);
        else ScriptRun.Execute(call, function, function.Flags, keys);
    }

    private static void Load(CommandContext call)
    {
        var last = call.Count - 1;
        var replaces = false;
        for (var i = 2; i < last; i++)
        {
            if (!call.Is(i, "replace"u8))
            {
                call.ErrorQuoting("ERR Unknown option given: "u8, call[i], ""u8);
                return;
            }

            replaces = true;
        }

        var isTimed = call.Session.Origin == ClientOrigin.Client;
        if (call.Node.Scripts.Functions.Load(call[last], replaces, isTimed, out var name) is { } problem)
        {
            call.Reply.Error(problem);
            return;
        }

        Declare(call);
        call.Reply.Bulk(name);
    }

    private static void Delete(CommandContext call)
    {
        if (!call.Node.Scripts.Functions.Delete(call[2]))
        {
            call.Reply.Error("ERR Library not found"u8);
            return;
        }

        Declare(call);
        call.Reply.Simple("OK"u8);
    }

    private static void Flush(CommandContext call)
    {
        if (call.Count > 3)
        {
            BadSyntax(call);
            return;
        }

        var isAsync = call.Count == 2 ? call.Node.Config.LazyFreeLazyUserFlush : call.Is(2, "async"u8);
        if (call.Count == 3 && !isAsync && !call.Is(2, "sync"u8))
        {
            call.Reply.Error("ERR FUNCTION FLUSH only supports SYNC|ASYNC option"u8);
            return;
        }

        call.Node.Scripts.Functions.Publish(new FunctionSet(), isAsync);
        Declare(call);
        call.Reply.Simple("OK"u8);
    }

    private static void Dump(CommandContext call) =>
        call.Reply.Bulk(FunctionPayload.Write(call.Node.Scripts.Functions.Codes, call.Node.Config.RdbCompression));

    private static void Restore(CommandContext call)
    {
        if (call.Count > 4)
        {
            BadSyntax(call);
            return;
        }

        var (keeps, replaces) = (true, false);
        if (call.Count == 4)
        {
            (keeps, replaces) = (!call.Is(3, "flush"u8), call.Is(3, "replace"u8));
            if (keeps && !replaces && !call.Is(3, "append"u8))
            {
                call.Reply.Error("ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE."u8);
                return;
            }
        }

        if (Restore(call, keeps, replaces) is { } problem)
        {
            call.Reply.Error("ERR " + problem);
            return;
        }

        Declare(call);
        call.Reply.Simple("OK"u8);
    }

    private static string? Restore(CommandContext call, bool keeps, bool replaces)
    {
        if (!FunctionPayload.TryOpen(call[2], out var payload)) return "DUMP payload version or checksum are wrong";
        using var batch = call.Node.Scripts.Functions.BeginBatch(isTimed: call.Session.Origin == ClientOrigin.Client);
        while (payload.TryRead(out var code, out var problem))
        {
            if (problem is not null || (problem = batch.Add(code, replaces: false)) is not null) return problem;
        }

        return batch.Publish(keeps, replaces);
    }

    private static void List(CommandContext call)
    {
        var withCode = false;
        var pattern = -1;
        for (var i = 2; i < call.Count; i++)
        {
            if (!withCode && call.Is(i, "withcode"u8))
            {
                withCode = true;
            }
            else if (pattern < 0 && call.Is(i, "libraryname"u8))
            {
                pattern = ++i;
                if (pattern < call.Count) continue;
                call.Reply.Error("ERR library name argument was not given"u8);
                return;
            }
            else
            {
                call.ErrorQuoting("ERR Unknown argument "u8, call[i], ""u8);
                return;
            }
        }

        var reply = call.Reply;
        var mark = reply.BeginArray();
        var count = 0;
        foreach (var library in call.Node.Scripts.Functions.Current.Libraries)
        {
            if (pattern >= 0 && !GlobPattern.Matches(call[pattern], library.Name, ignoreCase: true)) continue;
            Write(reply, library, withCode);
            count++;
        }

        reply.EndArray(mark, count);
    }

    private static void Write(RespWriter reply, FunctionLibrary library, bool withCode)
    {
        reply.Map(withCode ? 4 : 3);
        reply.Bulk("library_name"u8);
        reply.Bulk(library.Name);
        reply.Bulk("engine"u8);
        reply.Bulk(LibraryHead.Engine);
        reply.Bulk("functions"u8);
        reply.Array(library.Functions.Count);
        foreach (var function in library.Functions)
        {
            reply.Map(3);
            reply.Bulk("name"u8);
            reply.Bulk(function.Name);
            reply.Bulk("description"u8);
            if (function.Description is { } description) reply.Bulk(description);
            else reply.Null();
            reply.Bulk("flags"u8);
            string[] flags = [.. ScriptHead.NamesOf(function.Flags)];
            reply.Set(flags.Length);
            foreach (var flag in flags) reply.Simple(System.Text.Encoding.ASCII.GetBytes(flag));
        }

        if (!withCode) return;
        reply.Bulk("library_code"u8);
        reply.Bulk(library.Code);
    }

    private static void Stats(CommandContext call)
    {
        var (scripts, reply) = (call.Node.Scripts, call.Reply);
        var running = scripts.RunningFunction;
        if (running is null && scripts.IsBusy)
        {
            reply.Error(ErrorReplies.Busy);
            return;
        }

        reply.Map(2);
        reply.Bulk("running_script"u8);
        if (running is null) reply.Null();
        else WriteRunning(reply, running);
        reply.Bulk("engines"u8);
        reply.Map(1);
        reply.Bulk(LibraryHead.Engine);
        var current = scripts.Functions.Current;
        reply.Map(2);
        reply.Bulk("libraries_count"u8);
        reply.Integer(current.Libraries.Count);
        reply.Bulk("functions_count"u8);
        reply.Integer(current.FunctionCount);
    }

    private static void WriteRunning(RespWriter reply, BusyCall call)
    {
        reply.Map(3);
        reply.Bulk("name"u8);
        reply.Bulk(call.Name);
        reply.Bulk("command"u8);
        reply.Array(call.Command.Length);
        foreach (var argument in call.Command) reply.Bulk(argument);
        reply.Bulk("duration_ms"u8);
        reply.Integer((long)Stopwatch.GetElapsedTime(call.Since).TotalMilliseconds);
    }

    private static void Kill(CommandContext call)
    {
        var problem = call.Node.Scripts.Kill(functions: true);
        if (problem.Length > 0) call.Reply.Error(problem);
        else call.Reply.Simple("OK"u8);
    }

    /// <summary>The libraries have changed: that counts as a change of the data set, and replicas are told what the client said.</summary>
    private static void Declare(CommandContext call)
    {
        call.Node.Persistence.CountChanges(1);
        using var effect = call.BeginEffect();
        for (var i = 0; i < call.Count; i++) effect.Add(call[i]);
    }

    private static void BadSyntax(CommandContext call) => call.ErrorQuoting(
        "ERR unknown subcommand or wrong number of arguments for '"u8, call[1], "'. Try FUNCTION HELP."u8);

    private static void Help(CommandContext call) => HelpReply.Write(call.Reply, "FUNCTION", HelpLines);

    private static readonly string[] HelpLines =
    [
        "LOAD [REPLACE] <FUNCTION CODE>",
        "    Create a new library with the given library name and code.",
        "DELETE <LIBRARY NAME>",
        "    Delete the given library.",
        "LIST [LIBRARYNAME PATTERN] [WITHCODE]",
        "    Return general information on all the libraries:",
        "    * Library name",
        "    * The engine used to run the Library",
        "    * Library description",
        "    * Functions list",
        "    * Library code (if WITHCODE is given)",
        "    It also possible to get only function that matches a pattern using LIBRARYNAME argument.",
        "STATS",
        "    Return information about the current function running:",
        "    * Function name",
        "    * Command used to run the function",
        "    * Duration in MS that the function is running",
        "    If no function is running, return nil",
        "    In addition, returns a list of available engines.",
        "KILL",
        "    Kill the current running function.",
        "FLUSH [ASYNC|SYNC]",
        "    Delete all the libraries.",
        "    When called without the optional mode argument, the behavior is determined by the",
        "    lazyfree-lazy-user-flush configuration directive. Valid modes are:",
        "    * ASYNC: Asynchronously flush the libraries.",
        "    * SYNC: Synchronously flush the libraries.",
        "DUMP",
        "    Return a serialized payload representing the current libraries, can be restored using FUNCTION RESTORE command",
        "RESTORE <PAYLOAD> [FLUSH|APPEND|REPLACE]",
        "    Restore the libraries represented by the given payload, it is possible to give a restore policy to",
        "    control how to handle existing libraries (default APPEND):",
        "    * FLUSH: delete all existing libraries.",
        "    * APPEND: appends the restored libraries to the existing libraries. On collision, abort.",
        "    * REPLACE: appends the restored libraries to the existing libraries, On collision, replace the old",
        "      libraries with the new libraries (notice that even on this option there is a chance of failure",
        "      in case of functions name collision with another library).",
    ];
}
