namespace Starling.Fuzzer;

/// <summary>The three ways in which the program runs.</summary>
internal static class FuzzRun
{
    /// <summary>Watches a run of each target that is asked for; 1 when something was found.</summary>
    public static int Watched(FuzzOptions options)
    {
        var folder = Directory.CreateTempSubdirectory("starling-fuzz-").FullName;
        try
        {
            var program = InstrumentedCopy.Make(folder);
            var findings = 0;
            foreach (var target in options.Target == "all" ? FuzzOptions.AllTargets : [options.Target])
                findings += new FuzzWatch(options, program, target).Run();
            return findings == 0 ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The run itself, in the instrumented copy; 1 when an input broke something.</summary>
    public static int Inside(FuzzOptions options)
    {
        var coverage = new CoverageMap();
        using var record = new InputRecord(options.Inside!);
        var loop = new FuzzLoop(Target(options.Target), coverage, record, options.Corpus!);
        try
        {
            loop.Run(options.Seed, options.Count, TimeSpan.FromSeconds(options.Seconds));
            return 0;
        }
        catch (Exception finding)
        {
            Console.Error.WriteLine($"{options.Target}, seed {options.Seed}: {finding}\ninput {Convert.ToHexString(record.Input)}");
            return 1;
        }
    }

    /// <summary>One input, from a file.</summary>
    public static int Alone(FuzzOptions options)
    {
        var target = Target(options.Target);
        Console.WriteLine(target.Run(File.ReadAllBytes(options.Input!)) ? "accepted" : "refused");
        target.Settle();
        return 0;
    }

    private static IFuzzTarget Target(string name) => name switch
    {
        "restore" => new RestoreTarget(),
        "rdb" => new RdbTarget(),
        "bus" => new BusTarget(),
        "nodes" => new NodesFileTarget(),
        "requests" => new RequestTarget(),
        _ => throw new ArgumentException("--target names no single target", nameof(name)),
    };
}
