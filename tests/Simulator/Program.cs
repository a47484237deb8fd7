using System.Diagnostics;
using System.Globalization;
using Starling.Simulator;

ulong seed = 1;
ulong count = 100;
ulong minutes = Simulation.FullLength / 60_000;
ulong threads = 1;
ulong lines = 150;
for (var i = 0; i < args.Length; i += 2)
{
    if (i + 1 == args.Length || !ulong.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
    {
        Console.Error.WriteLine("usage: Simulate [--seed N] [--count M] [--minutes T] [--threads P] [--lines L]");
        return 2;
    }

    switch (args[i])
    {
        case "--seed": seed = value; break;
        case "--count": count = value; break;
        case "--minutes": minutes = value; break;
        case "--threads": threads = value; break;
        case "--lines": lines = value; break;
        default:
            Console.Error.WriteLine("Simulate does not know " + args[i]);
            return 2;
    }
}

var total = new SimulationTotal();
var watch = Stopwatch.StartNew();
Parallel.For(
    0L,
    (long)count,
    new ParallelOptions { MaxDegreeOfParallelism = (int)Math.Max(1, threads) },
    i => total.Run(seed + (ulong)i, (long)minutes * 60_000, (int)lines));
Console.WriteLine(total.Describe(watch.Elapsed) + string.Create(
    CultureInfo.InvariantCulture, $"; seeds {seed} to {seed + count - 1} of {minutes} virtual minutes"));
return total.Failed == 0 ? 0 : 1;
