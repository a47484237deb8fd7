using System.CommandLine;
using Starling.CommandLine.CheckRdb;
using Starling.CommandLine.ClusterUp;
using Starling.CommandLine.Server;
using Starling.Slots;

namespace Starling.CommandLine;

/// <summary>The <c>starling</c> executable: finds the command that is meant and calls it.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        // Before anything takes a lock: how tests have a server check the order of its locks.
        if (Environment.GetEnvironmentVariable("STARLING_CHECK_LOCKS") == "1") AppContext.SetSwitch(LockOrder.Switch, isEnabled: true);

        // A server's arguments are Redis's and follow Redis's rules, not those of a command-line parser.
        if (ServerInvocation.TryRead(arguments, ServerInvocation.ProgramName(), out var serverArguments)) return ServerCommand.Run(serverArguments);
        return RunTool(arguments);
    }

    /// <summary>In a method of its own: a server loads nothing of the command-line parser.</summary>
    private static int RunTool(string[] arguments)
    {
        var root = new RootCommand("Starling: a sharded in-memory store that speaks Redis's protocols.");
        root.Subcommands.Add(new Command("server", "Runs a server: starling server [redis.conf] [--directive value ...] [-]"));
        root.Subcommands.Add(ClusterCommand());
        root.Subcommands.Add(CheckRdb());
        return root.Parse(arguments).Invoke();
    }

    private static Command CheckRdb()
    {
        var file = new Argument<string>("file") { Description = "The RDB file." };
        var command = new Command("check-rdb", "Tells whether a server could load an RDB file, as redis-check-rdb does.") { file };
        command.SetAction(result => CheckRdbCommand.Run(result.GetValue(file)!));
        return command;
    }

    private static Command ClusterCommand()
    {
        var masters = new Option<int>("--masters") { Description = "Number of masters, at least 3.", DefaultValueFactory = _ => 3 };
        var replicas = new Option<int>("--replicas") { Description = "Replicas of each master.", DefaultValueFactory = _ => 1 };
        var port = new Option<int>("--port") { Description = "Client port of the first node; the others follow.", DefaultValueFactory = _ => 7000 };
        var folder = new Option<string>("--dir") { Description = "Folder for data and logs.", DefaultValueFactory = _ => "cluster-data" };
        var up = new Command("up", "Runs a cluster on this machine until Ctrl-C; started again on the same folder it resumes the same cluster.")
        {
            masters, replicas, port, folder,
        };
        up.SetAction(result => ClusterUpCommand.Run(new ClusterUpOptions(
            result.GetValue(masters), result.GetValue(replicas), result.GetValue(port), Path.GetFullPath(result.GetValue(folder)!))));
        return new Command("cluster", "Clusters on this machine.") { up };
    }
}
