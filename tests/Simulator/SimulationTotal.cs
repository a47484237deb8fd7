using System.Globalization;

namespace Starling.Simulator;

/// <summary>Adds up the runs of many seeds; any thread.</summary>
internal sealed class SimulationTotal
{
    // Guards the numbers, and that lines of two failures do not mix.
    private readonly Lock _gate = new();
    private long _passed;
    private long _delivered;
    private long _promotions;
    private long _acknowledged;

    /// <summary>Seeds in which a rule was broken.</summary>
    public long Failed { get; private set; }

    /// <summary>Runs one seed, and prints what went wrong.</summary>
    public void Run(ulong seed, long length, int logLines)
    {
        try
        {
            var run = Simulation.Run(seed, length, logLines: logLines);
            lock (_gate)
            {
                _passed++;
                _delivered += run.Delivered;
                _promotions += run.Promotions;
                _acknowledged += run.Ledger.Count;
            }
        }
        catch (SimulationFailure failure)
        {
            lock (_gate)
            {
                Failed++;
                Console.WriteLine(failure.Message);
            }
        }
    }

    /// <summary>The numbers as a line.</summary>
    public string Describe(TimeSpan took) => string.Create(
        CultureInfo.InvariantCulture,
        $"{_passed} passed, {Failed} failed: {_delivered} packets, {_promotions} failovers, {_acknowledged} acknowledgements, {took.TotalSeconds:F1} s, {(_passed + Failed) / took.TotalSeconds:F2} seeds a second");
}
