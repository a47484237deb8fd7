using Microsoft.Extensions.Logging;
using Starling.Node;
using Starling.Node.Telemetry;

namespace Starling.CommandLine.Server;

/// <summary>
/// SIGSEGV, SIGBUS, SIGFPE and SIGILL when another process sends them: the server ends with a report, as redis-server does.
/// </summary>
/// <remarks>
/// The runtime takes these signals for the exceptions that the processor raises (a null reference, a division by zero). One
/// that was sent it lets pass, but it leaves the signal to the system from then on, so that the next exception of that
/// kind would end the process without a word. That the signal was left to the system is what can be seen here.
/// </remarks>
internal static class CrashSignals
{
    /// <summary>How often to look.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    // What is told of the server may need what it waits for itself.
    private static readonly TimeSpan ReportTime = TimeSpan.FromSeconds(2);

    private static readonly int[] Numbers = [4, 7, 8, 11];
    private static readonly nint[] Action = new nint[SystemCalls.ActionLength];

    /// <summary>The number of one that was sent; null when none was. One thread.</summary>
    public static int? FindSent()
    {
        if (!OperatingSystem.IsLinux()) return null;
        foreach (var number in Numbers)
            if (SystemCalls.Action(number, null, Action) == 0 && Action[0] == SystemCalls.LeftToSystem) return number;
        return null;
    }

    /// <summary>Writes the report and ends the process by the signal.</summary>
    public static void End(int number, NodeServer server, ILogger log, LogWriter writer)
    {
        ServerLog.CrashReportBegins(log);
        ServerLog.Crashed(log, ServerVersion.Starling, number);
        var report = new Thread(() => ServerLog.CrashInfo(log, server.Basics.Info.Render(["everything"]))) { IsBackground = true };
        if (report.TryStart()) report.Join(ReportTime);
        ServerLog.CrashReportEnds(log);
        writer.Flush();
        _ = SystemCalls.Kill(Environment.ProcessId, number);
    }
}
