using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// Measures Starling beside redis-server, in many short turns within one run, since a shared machine's speed drifts by
/// the second. What is compared is the two of each turn; the table gives the medians.
/// </summary>
internal static class Program
{
    private static readonly (string Test, int Pipeline)[] Loads = [("set", 1), ("get", 1), ("set", 16), ("get", 16)];

    private static int Main(string[] arguments)
    {
        var executable = new Option<string>("--starling") { Description = "The starling executable." };
        var keys = new Option<int>("--keys") { DefaultValueFactory = _ => 1_000_000 };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 15 };
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
        foreach (var contender in contenders)
            foreach (var (test, pipeline) in Loads) contender.Run(test, pipeline, pipeline * 100_000, keys); // warms up
        var turns = new List<(Measurement Redis, Measurement Starling)>[Loads.Length];
        for (var load = 0; load < Loads.Length; load++) turns[load] = [];
        for (var round = 0; round < rounds; round++)
        {
            for (var load = 0; load < Loads.Length; load++)
            {
                var (test, pipeline) = Loads[load];
                var requests = pipeline == 1 ? 100_000 : 1_000_000;
                var pair = new Measurement[2];
                for (var i = 0; i < 2; i++)
                {
                    var which = (i + round) % 2; // nobody is always the first
                    pair[which] = contenders[which].Run(test, pipeline, requests, keys);
                }

                turns[load].Add((pair[0], pair[1]));
            }
        }

        Print(contenders, turns, memory, keys, rounds);
    }

    private static void Print(
        Contender[] contenders,
        List<(Measurement Redis, Measurement Starling)>[] turns,
        (double Used, double Resident)[] memory,
        int keys,
        int rounds)
    {
        var table = new Table().Border(TableBorder.Markdown).AddColumn("");
        foreach (var contender in contenders) table.AddColumn(contender.Name);
        table.AddColumn("ratio");
        for (var load = 0; load < Loads.Length; load++)
        {
            var (test, pipeline) = Loads[load];
            var name = $"{test.ToUpperInvariant()} P={pipeline}: ";
            AddRow(table, name + "server CPU per operation, us", "F2", turns[load], measured => measured.MicrosecondsPerOperation);
            AddRow(table, name + "operations per second, thousands", "F0", turns[load], measured => measured.OperationsPerSecond / 1000);
        }

        table.AddRow("bytes per key, used_memory", Text(memory[0].Used, "F0"), Text(memory[1].Used, "F0"),
            Text(memory[1].Used / memory[0].Used, "F2"));
        table.AddRow("bytes per key, resident", Text(memory[0].Resident, "F0"), Text(memory[1].Resident, "F0"),
            Text(memory[1].Resident / memory[0].Resident, "F2"));
        AnsiConsole.Profile.Width = 160;
        AnsiConsole.Write(table);
        Console.WriteLine($"{keys} keys of 11 bytes with values of 32 bytes; 50 connections; "
            + $"medians of {rounds} turns, ratios with their quartiles.");
    }

    private static void AddRow(
        Table table, string name, string format, List<(Measurement Redis, Measurement Starling)> turns, Func<Measurement, double> figure)
    {
        var ratios = turns.Select(turn => figure(turn.Starling) / figure(turn.Redis)).ToList();
        table.AddRow(
            name,
            Text(Quantile(turns.Select(turn => figure(turn.Redis)), 0.5), format),
            Text(Quantile(turns.Select(turn => figure(turn.Starling)), 0.5), format),
            $"{Text(Quantile(ratios, 0.5), "F2")} ({Text(Quantile(ratios, 0.25), "F2")} to {Text(Quantile(ratios, 0.75), "F2")})");
    }

    private static double Quantile(IEnumerable<double> values, double part)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Round((sorted.Length - 1) * part)];
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
