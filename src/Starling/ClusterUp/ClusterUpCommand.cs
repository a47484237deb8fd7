using System.Globalization;
using System.Runtime.InteropServices;
using Spectre.Console;

namespace Starling.CommandLine.ClusterUp;

/// <summary><c>starling cluster up</c>: runs a cluster on this machine until Ctrl-C.</summary>
internal static class ClusterUpCommand
{
    /// <summary>Runs the command; returns the process's exit code.</summary>
    public static int Run(ClusterUpOptions options)
    {
        try
        {
            options.Validate();
        }
        catch (OperatorException exception)
        {
            Console.Error.WriteLine("starling cluster up: " + exception.Message);
            return 1;
        }

        using var cancellation = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Cancel);
        InheritedSignals.TakeInterrupt();
        using var cluster = new LocalCluster(options);
        var exitCode = 0;
        try
        {
            cluster.Start(Say, cancellation.Token);
            Show(cluster, options);
            Follow(cluster, cancellation.Token);
        }
        catch (OperationCanceledException)
        {
            Say("Interrupted");
        }
        catch (OperatorException exception)
        {
            Console.Error.WriteLine("starling cluster up: " + exception.Message);
            exitCode = 1;
        }

        Say("Stopping the nodes");
        cluster.Stop(Say);
        Say("Stopped");
        return exitCode;

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            cancellation.Cancel();
        }
    }

    private static void Say(string line) => Console.WriteLine(line);

    private static void Show(LocalCluster cluster, ClusterUpOptions options)
    {
        var table = new Table().Border(TableBorder.Rounded);
        foreach (var column in (string[])["node", "role", "slots", "address", "pid"]) table.AddColumn(column);
        foreach (var status in cluster.Nodes.Select(ClusterStatus.Of))
        {
            table.AddRow(status.Id[..Math.Min(8, status.Id.Length)], status.Role, status.Slots, status.Node.Address,
                status.Node.Id.ToString(CultureInfo.InvariantCulture));
        }

        AnsiConsole.Write(table);
        Say("The cluster is healthy.");
        Say($"Connect with:   redis-cli -c -p {options.FirstPort}");
        Say($"Look closer:    redis-cli --cluster check 127.0.0.1:{options.FirstPort}");
        Say($"Data and logs:  {options.Folder}");
        Say("Ctrl-C stops the nodes; the same command starts them again with their data.");
    }

    /// <summary>Says what changes until it is cancelled.</summary>
    private static void Follow(LocalCluster cluster, CancellationToken cancellation)
    {
        var before = cluster.Nodes.Select(ClusterStatus.Of).ToList();
        while (!cancellation.WaitHandle.WaitOne(TimeSpan.FromSeconds(1)))
        {
            var now = cluster.Nodes.Select(ClusterStatus.Of).ToList();
            for (var i = 0; i < now.Count; i++)
            {
                if (Describe(before[i], now[i]) is { } change) Say($"{now[i].Node.Address} {change}");
            }

            before = now;
            if (cluster.Nodes.All(node => node.HasExited))
                throw new OperatorException($"every node has ended; see {cluster.Nodes[0].LogFile}");
        }
    }

    private static string? Describe(ClusterStatus before, ClusterStatus now)
    {
        if (now.Role == "down")
        {
            if (before.Role == "down") return null;
            return now.Node.HasExited ? $"ended with exit code {now.Node.ExitCode}" : $"does not answer: {now.State}";
        }

        if (now.Role != before.Role || now.Slots != before.Slots) return $"is now {now.Role} {now.Slots}";
        return now.State == before.State ? null : $"says cluster_state:{now.State}";
    }
}
