using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// Measures Starling beside redis-server, in turns within one run, since a shared machine's speed drifts.
/// </summary>
internal static class Program
{
    private static readonly (string Test, int Pipeline)[] Loads = [("set", 1), ("get", 1), ("set", 16), ("get", 16)];

    private static int Main(string[] arguments)
    {
        var executable = new Option<string>("--starling") { Description = "The starling executable." };
        var keys = new Option<int>("--keys") { DefaultValueFactory = _ => 1_000_000 };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 3 };
        var failover = new Option<int>("--failover-rounds") { DefaultValueFactory = _ => 0 };
        var root = new RootCommand("Starling beside redis-server.") { executable, keys, rounds, failover };
        root.SetAction(result =>
        {
            if (result.GetValue(executable) is { } path) Environment.SetEnvironmentVariable("STARLING_EXECUTABLE", path);
            if (result.GetValue(failover) > 0) CompareFailovers(result.GetValue(failover));
            else Compare(result.GetValue(keys), result.GetValue(rounds));
        });
        return root.Parse(arguments).Invoke();
    }

    private static void Compare(int keys, int rounds)
    {
        using var redis = new Contender("redis-server", ServerProcess.Start(ServerKind.Redis, "save "));
        using var starling = new Contender("starling", ServerProcess.Start(ServerKind.Starling, "save "));
        Contender[] contenders = [redis, starling];

        var memory = contenders.Select(contender => contender.Fill(keys)).ToArray();
        var best = contenders.ToDictionary(contender => contender, _ => new Measurement?[Loads.Length]);
        foreach (var contender in contenders)
            foreach (var (test, pipeline) in Loads) contender.Run(test, pipeline, pipeline * 50_000, keys); // warms up
        for (var round = 0; round < rounds; round++)
        {
            for (var load = 0; load < Loads.Length; load++)
            {
                var (test, pipeline) = Loads[load];
                foreach (var contender in contenders)
                {
                    var measured = contender.Run(test, pipeline, pipeline == 1 ? 500_000 : 4_000_000, keys);
                    if (best[contender][load] is not { } sofar || measured.MicrosecondsPerOperation < sofar.MicrosecondsPerOperation)
                        best[contender][load] = measured;
                }
            }
        }

        Print(contenders, best, memory, keys, rounds);
    }

    private static void Print(
        Contender[] contenders, Dictionary<Contender, Measurement?[]> best, (double Used, double Resident)[] memory, int keys, int rounds)
    {
        var table = new Table().Border(TableBorder.Markdown).AddColumn("");
        foreach (var contender in contenders) table.AddColumn(contender.Name);
        table.AddColumn("ratio");
        for (var load = 0; load < Loads.Length; load++)
        {
            var (test, pipeline) = Loads[load];
            var pair = contenders.Select(contender => best[contender][load]!).ToArray();
            table.AddRow($"{test.ToUpperInvariant()} P={pipeline}: server CPU per operation, us", Text(pair[0].MicrosecondsPerOperation, "F2"),
                Text(pair[1].MicrosecondsPerOperation, "F2"), Text(pair[1].MicrosecondsPerOperation / pair[0].MicrosecondsPerOperation, "F2"));
            table.AddRow($"{test.ToUpperInvariant()} P={pipeline}: operations per second, thousands", Text(pair[0].OperationsPerSecond / 1000, "F0"),
                Text(pair[1].OperationsPerSecond / 1000, "F0"), Text(pair[1].OperationsPerSecond / pair[0].OperationsPerSecond, "F2"));
        }

        table.AddRow("bytes per key, used_memory", Text(memory[0].Used, "F0"), Text(memory[1].Used, "F0"),
            Text(memory[1].Used / memory[0].Used, "F2"));
        table.AddRow("bytes per key, resident", Text(memory[0].Resident, "F0"), Text(memory[1].Resident, "F0"),
            Text(memory[1].Resident / memory[0].Resident, "F2"));
        AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(table);
        Console.WriteLine($"{keys} keys of 11 bytes with values of 32 bytes; 50 connections; best of {rounds} rounds in turns.");
    }

    private static void CompareFailovers(int rounds)
    {
        var outages = new Dictionary<ServerKind, List<double>> { [ServerKind.Redis] = [], [ServerKind.Starling] = [] };
        for (var round = 0; round < rounds; round++)
            foreach (var (kind, list) in outages) list.Add(FailoverComparison.Round(kind));
        foreach (var (kind, list) in outages)
        {
            list.Sort();
            Console.WriteLine($"{kind}: median {Text(list[list.Count / 2], "F2")} s without an acknowledged write "
                + $"(from {Text(list[0], "F2")} to {Text(list[^1], "F2")})");
        }
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
