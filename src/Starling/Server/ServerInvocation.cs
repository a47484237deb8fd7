namespace Starling.CommandLine.Server;

/// <summary>Tells whether a command line runs a server, and what is left for it.</summary>
internal static class ServerInvocation
{
    /// <summary>
    /// The name that the program was started by, without directories: a link may be named redis-server.
    /// </summary>
    public static string ProgramName()
    {
        var words = OwnCommandLine.ReadWords();
        return words.Length > 0 ? Path.GetFileName(words[0]) : "starling";
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
