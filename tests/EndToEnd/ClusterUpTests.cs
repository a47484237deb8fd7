using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Starling.Tests.Support;

namespace Starling.EndToEnd.Tests;

/// <summary>
/// What a newcomer does first: <c>starling cluster up</c>, some keys with redis-cli, Ctrl-C, and the same again.
/// </summary>
public sealed partial class ClusterUpTests
{
    private const int SignalInterrupt = 2;

    [Fact]
    public void Cluster_up_serves_redis_cli_and_has_its_keys_when_it_is_started_again()
    {
        var folder = Directory.CreateTempSubdirectory("starling-up-").FullName;
        var port = TakePorts(6);
        try
        {
            using (var up = Up(folder, port))
            {
                WaitForHealth(up);
                Assert.Equal(10_000, CountOf("OK", WriteOrRead(port, i => $"SET up:{i} value:{i}")));
                Assert.Equal(10_000, CountOf("value:", WriteOrRead(port, i => $"GET up:{i}")));
                var check = ProgramRun.RedisCli("--cluster", "check", Address(port));
                Assert.Contains("[OK] All 16384 slots covered.", check, StringComparison.Ordinal);
                Assert.Contains("10000 keys in 3 masters", ProgramRun.RedisCli("--cluster", "info", Address(port)), StringComparison.Ordinal);
                Interrupt(up);
            }

            using (var again = Up(folder, port))
            {
                WaitForHealth(again);
                Assert.Equal(10_000, CountOf("value:", WriteOrRead(port, i => $"GET up:{i}")));
                Interrupt(again);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Cluster_up_that_a_shell_started_in_its_background_stops_at_sigint()
    {
        // A shell that is not interactive has such a program ignore SIGINT.
        var folder = Directory.CreateTempSubdirectory("starling-up-").FullName;
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"trap '' INT; exec {Executables.Starling} cluster up --replicas 0 --port {Number(TakePorts(3))} --dir {folder}");
        try
        {
            using var up = Process.Start(start)!;
            WaitForHealth(up);
            Interrupt(up);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("--masters", "2", "--masters must be between 3 and 1000")]
    [InlineData("--port", "60000", "--port must leave every node a port of at most 55535")]
    public void Cluster_up_names_an_operators_mistake_and_exits_with_1(string option, string value, string message)
    {
        var (exitCode, output) = ProgramRun.Run(Executables.Starling, ["cluster", "up", option, value]);
        Assert.Equal(1, exitCode);
        Assert.Contains(message, output, StringComparison.Ordinal);
    }

    private static Process Up(string folder, int port)
    {
        var start = new ProcessStartInfo(Executables.Starling) { RedirectStandardOutput = true };
        foreach (var argument in (string[])["cluster", "up", "--port", Number(port), "--dir", folder]) start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("starling did not start");
    }

    private static void WaitForHealth(Process up)
    {
        var printed = new StringBuilder();
        while (up.StandardOutput.ReadLine() is { } line)
        {
            printed.AppendLine(line);
            if (line.Contains("The cluster is healthy.", StringComparison.Ordinal)) return;
        }

        Assert.Fail("cluster up ended:\n" + printed);
    }

    private static void Interrupt(Process up)
    {
        Assert.Equal(0, Kill(up.Id, SignalInterrupt));
        var rest = up.StandardOutput.ReadToEnd();
        Assert.True(up.WaitForExit(Wait.Patience), rest);
        Assert.Equal(0, up.ExitCode);
        Assert.Contains("Stopped", rest, StringComparison.Ordinal);
    }

    private static string WriteOrRead(int port, Func<int, string> command)
    {
        var input = new StringBuilder();
        for (var i = 0; i < 10_000; i++) input.Append(command(i)).Append('\n');
        return ProgramRun.RedisCliWithInput(input.ToString(), "-c", "-p", Number(port));
    }

    private static int CountOf(string start, string output) =>
        output.Split('\n').Count(line => line.StartsWith(start, StringComparison.Ordinal));

    private static int TakePorts(int count)
    {
        while (true)
        {
            var ports = Enumerable.Range(0, count).Select(_ => Ports.Take()).ToArray();
            if (ports[^1] - ports[0] == count - 1) return ports[0];
        }
    }

    private static string Address(int port) => "127.0.0.1:" + Number(port);

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
