using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>What one client without a pipeline sees of a server while something is done to it.</summary>
internal static class Watch
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Behind = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan UntilLoaded = TimeSpan.FromMilliseconds(500);

    /// <summary>Beside one command of another client, without other load; also a second before it and two behind it.</summary>
    public static LatencySample Beside(ServerProcess server, params string[] command)
    {
        using var client = server.Connect();
        using var probe = new LatencyProbe(server.Port);
        Thread.Sleep(Before);
        client.Text(command);
        Thread.Sleep(Behind);
        return probe.Stop();
    }

    /// <summary>
    /// During an action, under a load that goes on until the action has ended. The load comes after the server: where both share
    /// two processors, the probe would wait for the load's turn to end and call that a pause.
    /// </summary>
    /// <param name="server">The server.</param>
    /// <param name="load">Sends operations for so many seconds; called again and again, on a thread of its own.</param>
    /// <param name="action">What is done to the server.</param>
    public static LatencySample UnderLoad(ServerProcess server, Action<double> load, Action action)
    {
        var isOver = false;
        var thread = new Thread(() =>
        {
            ThreadPrecedence.ComeAfterOthers();
            while (!Volatile.Read(ref isOver)) load(0.2);
        });
        thread.Start();
        Thread.Sleep(UntilLoaded);
        using var probe = new LatencyProbe(server.Port);
        action();
        var seen = probe.Stop();
        Volatile.Write(ref isOver, true);
        thread.Join();
        return seen;
    }
}
