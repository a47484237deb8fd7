using Starling.Node.Serving;

namespace Starling.Node.Commands;

/// <summary>MODULE: there are none, and none can be loaded.</summary>
public static class Modules
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.NoScript;

    private static readonly string[] HelpLines =
    [
        "LIST",
        "    Return a list of loaded modules.",
        "LOAD <path> [<arg> ...]",
        "    Load a module library from <path>, passing to it any optional arguments.",
        "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
        "    Load a module library from <path>, while passing it module configurations and optional arguments.",
        "UNLOAD <name>",
        "    Unload a module.",
    ];

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("module", -2, CommandFlags.None, KeySpec.None, handler: null)
        {
            Group = "server",
            Since = "4.0.0",
            Summary = "A container for module commands.",
            Subcommands =
            [
                Row("list", 2, Flags, List, "4.0.0", "Returns the loaded modules: none.", "nondeterministic_output_order"),
                Row("load", -3, Flags | CommandFlags.NoAsyncLoading, Load, "4.0.0", "Loads a module; refused."),
                Row("loadex", -3, Flags | CommandFlags.NoAsyncLoading, Load, "7.0.0", "Loads a module with its configuration; refused."),
                Row("unload", 3, Flags | CommandFlags.NoAsyncLoading, Unload, "4.0.0", "Unloads a module; there is none."),
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "5.0.0", "Returns helpful text about the different subcommands."),
            ],
        },
    ];

    private static ReadOnlySpan<byte> NotAllowed =>
        "ERR MODULE command not allowed. If the enable-module-command option is set to \"local\", "u8 +
        "you can run it from a local connection, otherwise you need to set this option "u8 +
        "in the configuration file, and then restart the server."u8;

    private static Command Row(
        string name, int arity, CommandFlags flags, CommandHandler handler, string since, string summary, params string[] tips) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            Group = "server",
            Since = since,
            Summary = summary,
            Tips = tips,
        };

    private static void List(CommandContext call) => call.Reply.Array(0);

    private static void Load(CommandContext call)
    {
        if (IsAllowed(call)) call.Reply.Error("ERR Error loading the extension. Please check the server logs."u8);
        else call.Reply.Error(NotAllowed);
    }

    private static void Unload(CommandContext call)
    {
        if (IsAllowed(call)) call.Reply.Error("ERR Error unloading module: no such module with that name"u8);
        else call.Reply.Error(NotAllowed);
    }

    private static bool IsAllowed(CommandContext call) => call.Node.Config.EnableModuleCommand switch
    {
        "yes" => true,
        "local" => call.Session.Connection is { IsLocal: true },
        _ => false,
    };

    private static void Help(CommandContext call) => HelpReply.Write(call.Reply, "MODULE", HelpLines);
}
