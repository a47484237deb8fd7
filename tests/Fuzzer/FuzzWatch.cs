using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace Starling.Fuzzer;

/// <summary>
/// Runs a target in a process of its own, so that a crash ends that one only, and watches it: no input may take long. What
/// breaks something is kept, and the run goes on with another seed.
/// </summary>
/// <param name="options">What the command line says.</param>
/// <param name="program">The instrumented program.</param>
/// <param name="target">The target.</param>
internal sealed class FuzzWatch(FuzzOptions options, string program, string target)
{
    private const int MostFindings = 10;

    private static readonly TimeSpan LongestRun = TimeSpan.FromSeconds(60);

    private readonly string _folder = Path.Combine(Path.GetDirectoryName(program)!, target);

    /// <summary>Runs it.</summary>
    /// <returns>How many inputs broke something.</returns>
    public int Run()
    {
        var corpus = options.Corpus is { } kept ? Path.Combine(Path.GetFullPath(kept), target) : Path.Combine(_folder, "corpus");
        Directory.CreateDirectory(corpus);
        Directory.CreateDirectory(_folder);
        FuzzSeeds.Write(target, corpus);
        var watch = Stopwatch.StartNew();
        var runs = 0L;
        var findings = 0;
        while (findings < MostFindings && runs < options.Count && watch.Elapsed.TotalSeconds < options.Seconds)
        {
            using var record = new InputRecord(Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"record-{findings}")));
            var why = Watch(findings, options.Count - runs, options.Seconds - (int)watch.Elapsed.TotalSeconds, corpus);
            runs += record.Runs;
            if (why is null) break;
            findings++;
            Keep(record.Input, why);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{target}: {runs} runs, {findings} findings, {watch.Elapsed.TotalSeconds:F0} s"));
        return findings;
    }

    /// <summary>Null when nothing was found, else what.</summary>
    private string? Watch(int findings, long count, int seconds, string corpus)
    {
        var recordFile = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"record-{findings}"));
        string[] words =
        [
            program, "--inside", recordFile, "--target", target, "--corpus", corpus, "--seed", Text(options.Seed + findings),
            "--count", Text(count), "--seconds", Text(seconds),
        ];
        var start = new ProcessStartInfo("dotnet");
        foreach (var word in words) start.ArgumentList.Add(word);
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
        using var record = new InputRecord(recordFile);
        var lastRuns = -1L;
        var since = Stopwatch.StartNew();
        while (!process.WaitForExit(TimeSpan.FromSeconds(1)))
        {
            if (record.Runs != lastRuns) (lastRuns, since) = (record.Runs, Stopwatch.StartNew());
            if (since.Elapsed < LongestRun) continue;
            process.Kill();
            process.WaitForExit();
            return "it hung";
        }

        return process.ExitCode == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"exit code {process.ExitCode}");
    }

    private void Keep(byte[] input, string why)
    {
        Directory.CreateDirectory(options.Findings);
        var file = Path.Combine(options.Findings, $"{target}-{Convert.ToHexString(SHA256.HashData(input))[..12]}");
        File.WriteAllBytes(file, input);
        Console.WriteLine($"{target}: {why}; the last input is in {file}");
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
