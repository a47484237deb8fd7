using System.Globalization;
using Microsoft.Extensions.Logging;
using Starling.Node;
using Starling.Node.Config;

namespace Starling.CommandLine.Server;

/// <summary>Holds the configuration against the limits of the machine.</summary>
internal static class StartChecks
{
    private const string LongestBacklogFile = "/proc/sys/net/core/somaxconn";

    /// <summary>Logs what the machine does not allow.</summary>
    public static void Run(ILogger log, ServerConfig config)
    {
        if (config.Port == 0 || !File.Exists(LongestBacklogFile)) return;
        var text = File.ReadAllText(LongestBacklogFile).Trim();
        if (int.TryParse(text, CultureInfo.InvariantCulture, out var longest) && longest > 0 && longest < config.TcpBacklog)
            ServerLog.BacklogTooLong(log, config.TcpBacklog, longest);
    }
}
