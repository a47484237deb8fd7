using System.Diagnostics;
using System.Globalization;

namespace Starling.Fuzzer;

/// <summary>
/// Runs inputs and changes of them. What reaches code that nothing before it reached is kept, and changed in its turn.
/// </summary>
/// <param name="target">What is fuzzed.</param>
/// <param name="coverage">Tells what was reached.</param>
/// <param name="record">Gets each input before it runs.</param>
/// <param name="corpus">The folder of inputs: read at the beginning, and what is kept goes there too.</param>
internal sealed class FuzzLoop(IFuzzTarget target, CoverageMap coverage, InputRecord record, string corpus)
{
    private const int RunsBetweenChecks = 5000;

    /// <summary>Managed bytes that one input may cost: far more than any needs, far less than a wrong length can ask for.</summary>
    private const long MostAllocatedBytes = 64L << 20;

    private readonly List<byte[]> _inputs = [];
    private long _runs;
    private long _accepted;

    /// <summary>Runs the corpus, then changes.</summary>
    /// <param name="seed">Of the changes.</param>
    /// <param name="count">How many changed inputs run at most.</param>
    /// <param name="time">How long at most.</param>
    public void Run(int seed, long count, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        foreach (var file in Directory.EnumerateFiles(corpus).Order(StringComparer.Ordinal))
        {
            var input = File.ReadAllBytes(file);
            if (input.Length > InputRecord.LongestInput) continue;
            Try(input);
            _inputs.Add(input);
        }

        target.Settle();
        var seeds = _inputs.Count;
        (_runs, _accepted) = (0, 0);
        var random = new Random(seed);
        var mutator = new Mutator(random);
        while (_runs < count && watch.Elapsed < time)
        {
            var input = mutator.Change(Pick(random), _inputs[random.Next(_inputs.Count)]);
            if (Try(input)) Keep(input);
            if (_runs % RunsBetweenChecks == 0) target.Settle();
        }

        target.Settle();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"seed {seed}: {_runs} changed inputs of {seeds}, {_accepted} accepted, {_inputs.Count - seeds} kept, {coverage.Seen} branches, {watch.Elapsed.TotalSeconds:F0} s"));
    }

    /// <summary>True when it reached something new.</summary>
    private bool Try(byte[] input)
    {
        record.Note(input);
        var before = GC.GetAllocatedBytesForCurrentThread();
        coverage.Begin();
        if (target.Run(input)) _accepted++;
        _runs++;
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (allocated > MostAllocatedBytes)
            throw new FuzzFinding(string.Create(CultureInfo.InvariantCulture, $"an input of {input.Length} bytes made {allocated} bytes of garbage"));
        return coverage.TakeNews();
    }

    private void Keep(byte[] input)
    {
        _inputs.Add(input);
        File.WriteAllBytes(Path.Combine(corpus, string.Create(CultureInfo.InvariantCulture, $"kept-{_inputs.Count:D6}")), input);
    }

    /// <summary>The newest ones more often.</summary>
    private byte[] Pick(Random random) =>
        random.Next(3) == 0 ? _inputs[^random.Next(1, 1 + Math.Min(_inputs.Count, 50))] : _inputs[random.Next(_inputs.Count)];
}
