using System.CommandLine;
using Starling.CommandLine.Server;

namespace Starling.CommandLine;

/// <summary>The <c>starling</c> executable: finds the command that is meant and calls it.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        // A server's arguments are Redis's and follow Redis's rules, not those of a command-line parser.
        if (ServerInvocation.TryRead(arguments, ServerInvocation.ProgramName(), out var serverArguments)) return ServerCommand.Run(serverArguments);

        var root = new RootCommand("Starling: a sharded in-memory store that speaks Redis's protocols.");
        root.Subcommands.Add(new Command("server", "Runs a server: starling server [redis.conf] [--directive value ...] [-]"));
        return root.Parse(arguments).Invoke();
    }
}
