using System.Globalization;
using System.Text;
using Starling.Node.Config;

namespace Starling.Node.Telemetry;

/// <summary>Says in words what was slow, and what might be done about it (LATENCY DOCTOR).</summary>
internal static class LatencyDoctor
{
    /// <summary>Examines what is remembered.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="series">All kinds of events that were slow.</param>
    /// <param name="now">The time, in seconds of Unix time.</param>
    public static string Examine(ServerConfig config, LatencySeries[] series, long now)
    {
        if (series.Length == 0)
        {
            return config.LatencyMonitorThreshold == 0
                ? "Latency monitoring is off. \"CONFIG SET latency-monitor-threshold <milliseconds>\" switches it on.\n"
                : "Nothing took longer than latency-monitor-threshold since it was set.\n";
        }

        var text = new StringBuilder("These took longer than latency-monitor-threshold:\n\n");
        for (var i = 0; i < series.Length; i++) Describe(text, i + 1, series[i], now);
        var advice = series.SelectMany(one => AdviceFor(one.Event, config)).Distinct(StringComparer.Ordinal).ToArray();
        if (advice.Length == 0) return text.ToString();
        text.Append("\nWhat may help:\n\n");
        foreach (var line in advice) text.Append("- ").Append(line).Append('\n');
        return text.ToString();
    }

    private static void Describe(StringBuilder text, int number, LatencySeries series, long now)
    {
        var samples = series.Samples;
        var average = samples.Sum(sample => sample.Milliseconds) / samples.Length;
        var deviation = samples.Sum(sample => Math.Abs(sample.Milliseconds - average)) / samples.Length;
        var period = (double)(now - samples[0].Time) / samples.Length;
        text.Append(CultureInfo.InvariantCulture, $"{number}. {series.Event}: {samples.Length} latency spikes (average {average}ms, ");
        text.Append(CultureInfo.InvariantCulture, $"mean deviation {deviation}ms, period {period:0.00} sec). ");
        text.Append(CultureInfo.InvariantCulture, $"Worst all time event {series.Longest}ms.\n");
    }

    private static IEnumerable<string> AdviceFor(string what, ServerConfig config)
    {
        var slowest = config.SlowLogSlowerThan;
        switch (what)
        {
            case CommandWatch.CommandEvent:
                if (slowest < 0)
                    yield return "The slow log is off: \"CONFIG SET slowlog-log-slower-than <microseconds>\" has it name the commands.";
                else if (slowest / 1000 > config.LatencyMonitorThreshold)
                    yield return "slowlog-log-slower-than is longer than latency-monitor-threshold: some of these commands are not in the slow log.";
                yield return "SLOWLOG GET names slow commands with their arguments.";
                yield return "What goes through all of a large value, or all keys, takes long: SCAN and its kin do it in parts.";
                break;
            case CommandWatch.FastCommandEvent:
                yield return "Commands that are short by nature were slow: look for processes that take processors away, swapping, "
                    + "pauses of the virtual machine, and very large arguments and values.";
                break;
            case "eviction-cycle" or "eviction-del":
                yield return "Evicting takes long: maxmemory-eviction-tenacity bounds what one command does of it, and large values go by parts.";
                break;
            case "expire-cycle":
                yield return "Many keys expire at the same time: spread their expiries, or raise hz, which makes the runs shorter.";
                break;
            case "active-defrag-cycle":
                yield return "Defragmentation works beside the clients; active-defrag-cycle-max bounds its share of a processor.";
                break;
        }
    }
}
