using System.Text;

namespace Starling.CommandLine.Server;

/// <summary>Tells whether a command line runs a server, and what is left for it.</summary>
internal static class ServerInvocation
{
    /// <summary>
    /// The name that the program was started by, without directories: a link may be named redis-server.
    /// </summary>
    public static string ProgramName()
    {
        var words = ReadOwnCommandLine();
        return words.Count > 0 ? Path.GetFileName(words[0]) : "starling";
    }

    /// <summary>The process's own command line, word by word; empty where the system does not tell.</summary>
    public static IReadOnlyList<string> ReadOwnCommandLine()
    {
        const string file = "/proc/self/cmdline";
        if (!File.Exists(file)) return [];
        var text = Encoding.UTF8.GetString(File.ReadAllBytes(file));
        return text.Length == 0 ? [] : text.TrimEnd('\0').Split('\0');
    }

    /// <summary>
    /// True for <c>starling server ...</c>, for any call through a link named redis-server or valkey-server, for a
    /// configuration file as the first
    /// argument, and for <c>starling --port 7000</c>.
    /// </summary>
    /// <param name="arguments">The arguments of the program.</param>
    /// <param name="programName">See <see cref="ProgramName"/>.</param>
    /// <param name="serverArguments">What is left for the server.</param>
    public static bool TryRead(string[] arguments, string programName, out string[] serverArguments)
    {
        serverArguments = arguments;
        if (programName.Contains("redis-server", StringComparison.Ordinal)) return true;
        if (programName.Contains("valkey-server", StringComparison.Ordinal)) return true;
        if (arguments.Length == 0) return false;
        if (arguments[0] == "server")
        {
            serverArguments = arguments[1..];
            return true;
        }

        if (arguments[0] == "-" || File.Exists(arguments[0])) return true;
        return arguments[0].StartsWith("--", StringComparison.Ordinal) && arguments[0] is not ("--help" or "--version");
    }
}
