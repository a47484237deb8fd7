using System.CommandLine;
using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>Measures Starling beside redis-server and Garnet; docs/benchmarks.md tells how.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments is [GarnetProcess.Command, var port])
        {
            GarnetProcess.Host(int.Parse(port, CultureInfo.InvariantCulture));
            return 0;
        }

        var executable = new Option<string>("--starling") { Description = "The starling executable." };
        var commands = new Option<string>("--commands") { Description = "Rows by name, or types, or all.", DefaultValueFactory = _ => "" };
        var pipelines = new Option<string>("--pipelines") { Description = "Pipeline depths.", DefaultValueFactory = _ => "16" };
        var rounds = new Option<int>("--rounds") { Description = "Turns of each row; 0 for the usual number." };
        var keys = new Option<int>("--keys") { Description = "Keys that the servers hold; 0 for the usual number." };
        var quick = new Option<bool>("--quick") { Description = "Fewer and shorter turns on fewer keys." };
        var replica = new Option<bool>("--replica") { Description = "One replica of its own kind for each; without Garnet." };
        var garnet = new Option<bool>("--garnet") { Description = "Measures Garnet too.", DefaultValueFactory = _ => true };
        var redis = new Option<bool>("--redis") { Description = "With --save: measures redis-server too.", DefaultValueFactory = _ => true };
        var failover = new Option<int>("--failover-rounds") { Description = "Measures outages after a killed master instead." };
        var saves = new Option<int>("--save") { Description = "Measures so many saves under load, and flushes, instead." };
        var memory = new Option<int>("--memory") { Description = "Measures bytes of collections instead; 10 for a tenth of them." };
        var eviction = new Option<int>("--eviction") { Description = "Compares the hit ratios of so many accesses under eviction instead." };
        var mixed = new Option<int>("--mixed") { Description = "Saves, loads and frees a data set of all types instead; 10 for a tenth of it." };
        var elements = new Option<int>("--list-elements") { Description = "With --save: a list of so many elements besides." };
        var bytes = new Option<int>("--string-bytes") { Description = "With --save: a string of so many bytes besides." };
        var root = new RootCommand("Starling beside redis-server and Garnet.")
        {
            executable, commands, pipelines, rounds, keys, quick, replica, garnet, redis, failover, saves, elements, bytes, memory, mixed, eviction,
        };
        root.SetAction(result =>
        {
            if (result.GetValue(executable) is { } path) Environment.SetEnvironmentVariable("STARLING_EXECUTABLE", path);
            if (result.GetValue(failover) > 0)
            {
                CompareFailovers(result.GetValue(failover));
                return;
            }

            if (result.GetValue(memory) > 0)
            {
                MemoryComparison.Run(result.GetValue(memory));
                return;
            }

            if (result.GetValue(mixed) > 0)
            {
                MixedComparison.Run(result.GetValue(mixed), ServerKind.Redis);
                MixedComparison.Run(result.GetValue(mixed), ServerKind.Starling);
                return;
            }

            if (result.GetValue(eviction) > 0)
            {
                EvictionComparison.Run(result.GetValue(eviction));
                return;
            }

            var hurry = result.GetValue(quick);
            if (result.GetValue(saves) > 0)
            {
                CompareSaves(new SaveOptions
                {
                    Redis = result.GetValue(redis),
                    Keys = Chosen(result.GetValue(keys), hurry ? 100_000 : 5_000_000),
                    Rounds = result.GetValue(saves),
                    ListElements = result.GetValue(elements),
                    StringBytes = result.GetValue(bytes),
                });
                return;
            }

            Compare(new ComparisonOptions
            {
                Loads = CommandLoad.Choose(result.GetValue(commands)!),
                Pipelines = result.GetValue(pipelines)!.Split(',').Select(depth => int.Parse(depth, CultureInfo.InvariantCulture)).ToList(),
                Rounds = Chosen(result.GetValue(rounds), hurry ? 3 : 11),
                Range = new KeyRange(Chosen(result.GetValue(keys), hurry ? 100_000 : 1_000_000), hurry ? 100 : 1000),
                TurnSeconds = hurry ? 0.05 : 0.25,
                Garnet = result.GetValue(garnet) && !result.GetValue(replica),
                Replica = result.GetValue(replica),
            });
        });
        return root.Parse(arguments).Invoke();
    }

    private static int Chosen(int option, int usual) => option == 0 ? usual : option;

    private static void Compare(ComparisonOptions options)
    {
        var contenders = new List<Contender>();
        try
        {
            contenders.Add(Contender.Start(ServerKind.Redis, options.Replica));
            if (options.Garnet) contenders.Add(Contender.StartGarnet());
            contenders.Add(Contender.Start(ServerKind.Starling, options.Replica));
            var report = new ComparisonReport(contenders.Select(contender => contender.Name).ToList());
            var memory = contenders.Select(contender => contender.Fill(options.Range)).ToList();
            foreach (var contender in contenders) contender.FillFamilies(options.Range);
            var comparison = new Comparison(options, contenders);
            foreach (var pipeline in options.Pipelines) report.Print(pipeline, comparison.Run(pipeline));
            if (!options.Replica) report.PrintMemory(memory);
            Console.WriteLine($"{options.Range.Keys} keys of 11 bytes with values of 32 bytes; 50 connections; "
                + $"medians of {options.Rounds} turns, ratios of a turn with their quartiles.");
        }
        finally
        {
            foreach (var contender in contenders) contender.Dispose();
        }
    }

    private static void CompareSaves(SaveOptions options)
    {
        using (var cost = new WriterCost(options)) cost.Run();
        if (options.Redis) SaveComparison.Run(options, ServerKind.Redis);
        SaveComparison.Run(options, ServerKind.Starling);
    }

    private static void CompareFailovers(int rounds)
    {
        var outages = new Dictionary<ServerKind, List<double>> { [ServerKind.Redis] = [], [ServerKind.Starling] = [] };
        for (var round = 0; round < rounds; round++)
            foreach (var (kind, list) in outages) list.Add(FailoverComparison.Round(kind));
        foreach (var (kind, list) in outages)
        {
            list.Sort();
            Console.WriteLine($"{kind}: median {Text(list[list.Count / 2])} s without an acknowledged write "
                + $"(from {Text(list[0])} to {Text(list[^1])})");
        }
    }

    private static string Text(double value) => value.ToString("F2", CultureInfo.InvariantCulture);
}
