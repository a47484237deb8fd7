using System.Diagnostics;
using System.Globalization;
using Starling.Simulator;

ulong seed = 1;
ulong count = 100;
for (var i = 0; i + 1 < args.Length; i += 2)
{
    if (!ulong.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
        || args[i] is not ("--seed" or "--count"))
    {
        Console.Error.WriteLine("usage: Simulate [--seed N] [--count M]");
        return 2;
    }

    if (args[i] == "--seed") seed = value;
    else count = value;
}

var watch = Stopwatch.StartNew();
ulong failed = 0;
long delivered = 0, promotions = 0;
for (ulong i = 0; i < count; i++)
{
    try
    {
        var run = Simulation.Run(seed + i);
        delivered += run.Delivered;
        promotions += run.Promotions;
    }
    catch (SimulationFailure failure)
    {
        failed++;
        Console.WriteLine(failure.Message);
    }
}

Console.WriteLine(string.Create(
    CultureInfo.InvariantCulture,
    $"{count - failed} passed, {failed} failed: seeds {seed} to {seed + count - 1}, {delivered} packets, {promotions} failovers, {watch.Elapsed.TotalSeconds:F1} s"));
return failed == 0 ? 0 : 1;
