using System.Globalization;
using Starling.Tests.Support;

namespace Starling.EndToEnd.Tests;

/// <summary>What redis-cli --cluster check says.</summary>
internal static class ClusterCheck
{
    /// <summary>Fails unless redis-cli finds nothing wrong, from any node that lives.</summary>
    public static void IsClean(TestCluster cluster)
    {
        var port = cluster.Alive.First().Port;
        Wait.Until("redis-cli --cluster check finds nothing wrong", () =>
        {
            var (exitCode, output) = Check(port);
            return exitCode == 0 && !output.Contains("[ERR]", StringComparison.Ordinal) && !output.Contains("[WARNING]", StringComparison.Ordinal)
                && output.Contains("[OK] All 16384 slots covered.", StringComparison.Ordinal);
        });
    }

    /// <summary>Runs redis-cli --cluster check.</summary>
    public static (int ExitCode, string Output) Check(int port) =>
        ProgramRun.Run(Executables.RedisCli, ["--cluster", "check", "127.0.0.1:" + port.ToString(CultureInfo.InvariantCulture)]);
}
