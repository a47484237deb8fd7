using System.Globalization;
using System.Text.RegularExpressions;
using Starling.Node.Config;
using Starling.Node.Telemetry;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Telemetry;

public sealed partial class LatencyMonitorTests
{
    /// <summary>What redis-server drew of eighty samples, without their ages.</summary>
    private const string Picture =
        """
        event - high 57 ms, low 2 ms (all time high 57 ms)
        --------------------------------------------------------------------------------
           #  #   ##            #   #     #                    ##        _              
          _|  |   ||#   #       |###| _   |  # ##_# _   _      || _ #   #|   #_         
          ||  |_  |||   |    _ _||||| |   | _|_|||| | _ |  __  || | |  _||   ||_  _     
        o_||__||oo|||_o_|____|_||||||_|___|o|||||||o|_|_|_o||__||_|_|__|||___|||o_|____o
        """;

    [Theory]
    [InlineData("LATENCY HELP")]
    [InlineData("LATENCY")]
    [InlineData("LATENCY FOO")]
    [InlineData("LATENCY LATEST")]
    [InlineData("LATENCY LATEST x")]
    [InlineData("LATENCY HISTORY command")]
    [InlineData("LATENCY HISTORY")]
    [InlineData("LATENCY GRAPH command")]
    [InlineData("LATENCY GRAPH")]
    [InlineData("LATENCY RESET")]
    [InlineData("LATENCY RESET command foo")]
    [InlineData("LATENCY DOCTOR x")]
    [InlineData("LATENCY HISTOGRAM nosuch config|nosuch")]
    public void Replies_are_those_of_redis_server(string command)
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        Assert.Equal(redis.Client.Command(command.Split(' ')).ToString(), starling.Client.Command(command.Split(' ')).ToString());
    }

    [Fact]
    public void Slow_commands_are_remembered_second_by_second_with_the_worst_of_each()
    {
        using var redis = new RedisNode("--latency-monitor-threshold", "10");
        using var starling = new StarlingNode("--latency-monitor-threshold", "10");
        foreach (TestNode node in new TestNode[] { redis, starling })
        {
            var client = node.Client;
            client.Command("GET", "a");
            client.Command("DEBUG", "SLEEP", "0.03");
            client.Command("DEBUG", "SLEEP", "0.3");
            client.Command("MULTI");
            client.Command("DEBUG", "SLEEP", "0.02");
            client.Command("EXEC");
            var latest = Assert.Single(Latest(client)); // where the machine stalls, fast commands are slow too
            Assert.InRange(latest[3].Integer, 300, 60_000);
            var history = client.Command("LATENCY", "HISTORY", "command").Elements;
            Assert.Equal(latest[1].Integer, history[^1][0].Integer);
            Assert.Equal(latest[2].Integer, history[^1][1].Integer);
            Assert.Equal(history.Select(one => one[0].Integer).Distinct().Order(), history.Select(one => one[0].Integer));
            Assert.StartsWith("command - high ", client.Text("LATENCY", "GRAPH", "command"), StringComparison.Ordinal);
            Assert.Matches(SpikesLine(), client.Text("LATENCY", "DOCTOR")!);
            Assert.Equal(1, client.Command("LATENCY", "RESET", "command", "foo").Integer);
            Assert.Empty(Latest(client));
            client.Command("CONFIG", "SET", "latency-monitor-threshold", "0");
            client.Command("DEBUG", "SLEEP", "0.03");
            Assert.Empty(Latest(client));
            Assert.NotEqual("", client.Text("LATENCY", "DOCTOR"));
        }
    }

    [Fact]
    public void Histograms_have_the_steps_of_those_of_redis_server()
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        string[] before = [Histograms(redis), Histograms(starling)];
        Assert.Equal(before[0], before[1]);
        var seen = starling.Client.Command("LATENCY", "HISTOGRAM", "debug").Elements;
        Assert.Equal("debug", seen[0].Text);
        var steps = seen[1][3].Elements;
        Assert.InRange(steps[0].Integer, 33_816, 2_200_000);
        Assert.Equal(1, steps[1].Integer);
    }

    [Fact]
    public void Steps_are_the_ends_of_the_histogram_of_redis_server()
    {
        var histogram = new LatencyHistogram();
        foreach (var (nanoseconds, times) in new[] { (500L, 3), (1031, 1), (1032, 2), (2064, 1), (132_095, 1), (132_096, 1), (long.MaxValue, 1) })
            histogram.Add(nanoseconds, times);
        Assert.Equal([(1, 4), (2, 6), (4, 7), (132, 8), (264, 9), (1_082_130, 10)], histogram.Doublings());
    }

    [Fact]
    public void A_graph_is_drawn_as_redis_server_draws_it()
    {
        // Column by column: which of the twelve steps a sample reaches.
        var lines = Picture.Split('\n').Select(line => line.TrimEnd('\r')).ToArray();
        var columns = Enumerable.Range(0, 80).Select(column => string.Concat(lines[2..].Reverse().Select(line => line[column])).TrimEnd());
        var series = new LatencySeries("event", [], 0);
        var time = 1000L;
        foreach (var column in columns)
        {
            var step = (3 * (column.Length - 1)) + "_o#".IndexOf(column[^1], StringComparison.Ordinal);
            series = series.With(new LatencySample(time++, step == 11 ? 57 : (int)Math.Ceiling(2 + (step * 55 / 12.0))));
        }

        var ages = Enumerable.Range(0, 80).Select(i => 79 - i < 60 ? $"{79 - i}s" : "1m").ToArray();
        var below = Enumerable.Range(0, 3).Select(row => string.Concat(ages.Select(age => row < age.Length ? age[row] : ' ')));
        Assert.Equal([.. lines, new string(' ', 80), .. below, ""], LatencyGraph.Draw(series, time - 1).Split('\n'));

        series = series.With(new LatencySample(time, 2));
        Assert.Equal(["", " ", " ", " ", "_", " ", "0", "s", ""], LatencyGraph.Draw(series, time).Split('\n')[10..]);
    }

    [Fact]
    public void No_more_than_160_seconds_are_remembered_and_the_worst_of_all_stays()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        var monitor = new LatencyMonitor(new ServerConfig { LatencyMonitorThreshold = 5 }, clock);
        monitor.Note("event", 1000);
        for (var i = 0; i < 200; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            monitor.Note("event", 10);
            monitor.Note("event", 9);
            monitor.Note("event", 4);
        }

        var series = monitor.Find("event")!;
        Assert.Equal(160, series.Samples.Length);
        Assert.All(series.Samples, sample => Assert.Equal(10, sample.Milliseconds));
        Assert.Equal(1000, series.Longest);
        monitor.Note("other", 5);
        Assert.Equal(2, monitor.ForgetAll());
        Assert.Empty(monitor.All());
    }

    /// <summary>The latest of commands that are not fast by their rows.</summary>
    private static List<Resp.RespReply> Latest(SyncClient client) =>
        [.. client.Command("LATENCY", "LATEST").Elements.Where(one => one[0].Text == "command")];

    private static string Histograms(TestNode node)
    {
        var client = node.Client;
        client.Command("CONFIG", "RESETSTAT");
        client.Command("SET", "a", "b");
        client.Command("GET", "a");
        client.Command("GET", "a");
        client.Command("CONFIG", "GET", "port");
        client.Command("DEBUG", "SLEEP", "0.02");
        var all = client.Command("LATENCY", "HISTOGRAM");
        var some = client.Command("LATENCY", "HISTOGRAM", "get", "foo", "SET", "get", "config|get", "config");
        client.Command("HELLO", "3");
        var map = client.Command("LATENCY", "HISTOGRAM", "get");
        client.Command("CONFIG", "SET", "latency-tracking", "no");
        client.Command("LATENCY", "HISTOGRAM", "strlen");
        var names = all.Elements.Where((_, i) => i % 2 == 0).Select(name => name.Text!);
        return string.Join(' ', names.Order(StringComparer.Ordinal)) + " / " + Calls(some.Elements) + " / " + map.Kind + Calls(map.Elements);
    }

    private static string Calls(IReadOnlyList<Resp.RespReply> pairs) => string.Join(' ', pairs.Chunk(2).Select(
        pair => string.Create(CultureInfo.InvariantCulture, $"{pair[0].Text} {pair[1][0].Text} {pair[1][1].Integer} {pair[1][2].Text} {pair[1].Kind}")).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"\n1\. command: \d+ latency spikes \(average \d+ms, mean deviation \d+ms, period \d+\.\d\d sec\)\. Worst all time event \d+ms\.\n")]
    private static partial Regex SpikesLine();
}
