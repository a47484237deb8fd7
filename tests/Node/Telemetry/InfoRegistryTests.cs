using Starling.Node.Telemetry;

namespace Starling.Node.Tests.Telemetry;

public class InfoRegistryTests
{
    private readonly InfoRegistry _info = new();

    [Fact]
    public void Fields_come_in_redis_order_whoever_wrote_them()
    {
        _info.Add("stats", info => info.Field("keyspace_hits", 7));
        _info.Add("stats", info =>
        {
            info.Field("something_new", 1);
            info.Field("total_connections_received", 3);
        });
        var lines = _info.Render(["stats"]).Split("\r\n");
        Assert.Equal("# Stats", lines[0]);
        Assert.Equal("total_connections_received:3", lines[1]);
        Assert.True(Array.IndexOf(lines, "keyspace_hits:7") > Array.IndexOf(lines, "evicted_keys:0"));
        Assert.Equal("something_new:1", lines[^2]);
    }

    [Fact]
    public void Sections_come_in_redis_order_with_an_empty_line_between_them()
    {
        Assert.Equal("# Errorstats\r\n\r\n# Keyspace\r\n", _info.Render(["keyspace", "ERRORSTATS"]));
        Assert.Equal(string.Empty, _info.Render(["nosuch"]));
    }

    [Theory]
    [InlineData("", "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace")]
    [InlineData("default", "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Cluster Keyspace")]
    [InlineData("default latencystats", "Server Clients Memory Persistence Stats Replication CPU Modules Errorstats Latencystats Cluster Keyspace")]
    [InlineData(
        "all",
        "Server Clients Memory Persistence Stats Replication CPU Commandstats Errorstats Latencystats Cluster Keyspace")]
    [InlineData(
        "everything",
        "Server Clients Memory Persistence Stats Replication CPU Modules Commandstats Errorstats Latencystats Cluster Keyspace")]
    public void Groups_of_sections_are_redis_own(string requested, string expected)
    {
        var text = _info.Render(requested.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        var titles = text.Split("\r\n").Where(line => line.StartsWith('#')).Select(line => line[2..]);
        Assert.Equal(expected, string.Join(' ', titles));
    }

    [Theory]
    [InlineData(0, "0B")]
    [InlineData(1023, "1023B")]
    [InlineData(1536, "1.50K")]
    [InlineData(941104, "919.05K")]
    [InlineData(25276510208, "23.54G")]
    [InlineData(1L << 50, "1.00P")]
    public void Bytes_read_as_redis_words_them(long bytes, string expected) => Assert.Equal(expected, InfoFormat.Human(bytes));
}
