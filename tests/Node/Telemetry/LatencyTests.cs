using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Telemetry;

public sealed class LatencyTests
{
    [Fact]
    public void INFO_latencystats_names_the_commands_and_percentiles_that_redis_names()
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        string[][] script =
        [
            ["CONFIG", "RESETSTAT"], ["SET", "a", "1"], ["GET", "a"], ["GET", "a"], ["CONFIG", "SET", "timeout", "0"], ["nonsense"], ["GET"],
            ["INFO", "latencystats"],
            ["CONFIG", "SET", "latency-tracking-info-percentiles", "50 99.00 100 0.5"], ["INFO", "latencystats"],
            ["CONFIG", "SET", "latency-tracking-info-percentiles", ""], ["INFO", "latencystats"],
            ["CONFIG", "RESETSTAT"], ["GET", "a"],
            ["CONFIG", "SET", "latency-tracking-info-percentiles", "99"], ["INFO", "latencystats"],
            ["CONFIG", "SET", "latency-tracking", "no"], ["INFO", "latencystats"], ["STRLEN", "a"],
            ["CONFIG", "SET", "latency-tracking", "yes"], ["INFO", "latencystats"],
        ];
        foreach (var command in script)
            Assert.Equal(Shape(redis.Client.Command(command).ToString()), Shape(starling.Client.Command(command).ToString()));
    }

    [Fact]
    public void Percentiles_are_those_of_a_sorted_list_to_two_digits()
    {
        var random = new Random(11);
        var histogram = new LatencyHistogram();
        var all = new List<long>();
        for (var i = 0; i < 10_000; i++)
        {
            var value = (long)Math.Exp(random.NextDouble() * 20);
            histogram.Add(value, 1);
            all.Add(value);
        }

        all.Sort();
        foreach (var percentile in new[] { 0.01, 1, 25, 50, 90, 99, 99.9, 100 })
        {
            var exact = all[Math.Max(1, (int)((percentile / 100 * all.Count) + 0.5)) - 1];
            Assert.InRange(histogram.ValueAt(percentile), exact, exact + (exact / 128));
        }
    }

    [Fact]
    public void Durations_out_of_range_count_at_its_ends()
    {
        var histogram = new LatencyHistogram();
        Assert.True(histogram.IsEmpty);
        Assert.Equal(0, histogram.ValueAt(50));
        histogram.Add(-5, 1);
        Assert.Equal(0, histogram.ValueAt(100));
        histogram.Add(long.MaxValue, 3);
        Assert.InRange(histogram.ValueAt(100), 1_000_000_000, 1_010_000_000);
        Assert.Equal(0, histogram.ValueAt(25));
    }

    [Fact]
    public void What_one_holds_is_added_and_taken_away()
    {
        var first = new LatencyHistogram();
        first.Add(1000, 5);
        var sum = new LatencyHistogram();
        sum.Add(first, 1);
        sum.Add(first, 1);
        sum.Add(first, -1);
        Assert.Equal(1003, sum.ValueAt(50));
        sum.Add(first, -1);
        Assert.True(sum.IsEmpty);
    }

    /// <summary>The text with every number behind an equals sign left out, and lines in one order.</summary>
    private static string Shape(string text)
    {
        var lines = text.Split("\r\n").Select(line => System.Text.RegularExpressions.Regex.Replace(
            line, "=[0-9.]+", "=", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(10)));
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }
}
