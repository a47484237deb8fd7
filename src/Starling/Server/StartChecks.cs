using System.Globalization;
using Microsoft.Extensions.Logging;
using Starling.Node;
using Starling.Node.Config;
using Starling.Node.Telemetry;

namespace Starling.CommandLine.Server;

/// <summary>Holds the configuration against the limits of the machine.</summary>
internal static class StartChecks
{
    private const string LongestBacklogFile = "/proc/sys/net/core/somaxconn";

    /// <summary>Files that the server itself needs.</summary>
    private const int FilesBesideClients = 32;

    /// <summary>Logs what the machine does not allow, and lowers maxclients to what it does.</summary>
    public static void Run(ILogger log, ServerConfig config)
    {
        LimitClients(log, config);
        if (config.Port == 0 || !File.Exists(LongestBacklogFile)) return;
        var text = File.ReadAllText(LongestBacklogFile).Trim();
        if (int.TryParse(text, CultureInfo.InvariantCulture, out var longest) && longest > 0 && longest < config.TcpBacklog)
            ServerLog.BacklogTooLong(log, config.TcpBacklog, longest);
    }

    /// <summary>The runtime has raised the soft limit to the hard one already.</summary>
    private static void LimitClients(ILogger log, ServerConfig config)
    {
        if (ProcessStatistics.MostOpenFiles is not { } most) return;
        var wanted = config.MaxClients;
        var needed = (long)wanted + FilesBesideClients;
        if (needed <= most) return;
        if (most <= FilesBesideClients)
        {
            throw new ServerStartException(
                $"Your current 'ulimit -n' of {most} is not enough for the server to start. "
                + $"Please increase your open file limit to at least {needed}. Exiting.");
        }

        config.MaxClients = (int)(most - FilesBesideClients);
        ServerLog.MaxClientsReduced(log, wanted, needed, most, config.MaxClients);
    }
}
