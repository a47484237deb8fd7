using System.Diagnostics;
using System.Globalization;

namespace Starling.Bench.SideBySide;

/// <summary>
/// Measures servers beside each other in many short turns within one run, since a shared machine's speed drifts by the
/// second: what is compared is the turns of one round, the medians of the rounds are told.
/// </summary>
internal sealed class Comparison
{
    /// <summary>Operations of the first turn, from whose rate the length of the others follows.</summary>
    private const int TrialOperations = 2000;

    /// <summary>A server that is that many times slower than redis-server has its turn cut short.</summary>
    private const double LongestTurn = 8;

    /// <summary>A server whose single operation takes that long is not measured.</summary>
    private const double LongestMilliseconds = 10;

    /// <summary>
    /// How long a load runs before its turns count: two of the servers compile what runs often again, better, and that is
    /// no cost of a command.
    /// </summary>
    private const double WarmUpSeconds = 0.2;

    private readonly ComparisonOptions _options;
    private readonly IReadOnlyList<Contender> _contenders;

    /// <summary>Prepares a run.</summary>
    /// <param name="options">What to measure.</param>
    /// <param name="contenders">The servers; the first is the one that the others are compared with.</param>
    public Comparison(ComparisonOptions options, IReadOnlyList<Contender> contenders)
    {
        _options = options;
        _contenders = contenders;
    }

    /// <summary>All turns at one pipeline depth; the rows in their order.</summary>
    public List<ComparisonRow> Run(int pipeline)
    {
        var rows = _options.Loads.Select(load => Begin(load, pipeline)).ToList();
        for (var round = 0; round < _options.Rounds; round++)
        {
            foreach (var row in rows)
            {
                for (var turn = 0; turn < _contenders.Count; turn++)
                {
                    var which = (turn + round) % _contenders.Count; // nobody is always the first
                    Turn(row, which, pipeline, round);
                }
            }
        }

        return rows;
    }

    /// <summary>Finds out who knows the command, chooses how many operations a turn has, and warms up.</summary>
    private ComparisonRow Begin(CommandLoad load, int pipeline)
    {
        var row = new ComparisonRow(load, _contenders.Count);
        for (var which = 0; which < _contenders.Count; which++) row.Refusals[which] = Probe(_contenders[which], load);
        if (row.Refusals[0] is not null) return row;
        row.Operations = TrialOperations;
        for (var trial = 0; trial < 2; trial++)
        {
            var first = Measure(load, 0, pipeline, row.Operations, seed: 1);
            row.Operations = Math.Max(pipeline, (long)(first.OperationsPerSecond * _options.TurnSeconds));
        }

        var warmUps = (int)Math.Ceiling(WarmUpSeconds / _options.TurnSeconds);
        for (var which = 0; which < _contenders.Count; which++)
            for (var i = 0; i < warmUps && row.Refusals[which] is null; i++) Measure(load, which, pipeline, row.Operations, seed: 2);
        return row;
    }

    /// <summary>
    /// Why a server cannot be measured; null when it can. One that takes milliseconds for a single operation would hold
    /// everybody up: all connections' pipelines wait at the same time.
    /// </summary>
    private static string? Probe(Contender contender, CommandLoad load)
    {
        var shortest = double.MaxValue;
        for (var attempt = 0; attempt < 3; attempt++)
        {
            if (load.Before is { } before && contender.Refusal(before) is { } unprepared) return unprepared;
            var watch = Stopwatch.StartNew();
            if (contender.Refusal(load.Text) is { } refusal) return refusal;
            shortest = Math.Min(shortest, watch.Elapsed.TotalMilliseconds);
        }

        return shortest < LongestMilliseconds
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"a reply after {shortest:F0} ms: too slow for this table");
    }

    private void Turn(ComparisonRow row, int which, int pipeline, int round)
    {
        if (row.Refusals[0] is not null || row.Refusals[which] is not null) return;
        var measured = Measure(row.Load, which, pipeline, row.Operations, (ulong)round + 3);
        if (measured.Error is { } error) row.Refusals[which] = error;
        else row.Turns[which].Add(measured);
    }

    private Measurement Measure(CommandLoad load, int which, int pipeline, long operations, ulong seed) =>
        _contenders[which].Run(load, pipeline, operations, _options.TurnSeconds * LongestTurn, _options.Range, seed);
}
