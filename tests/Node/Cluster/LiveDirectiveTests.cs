using System.Globalization;
using System.Text.RegularExpressions;
using Starling.Node.Config;
using Starling.Node.Tests.Commands;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Cluster;

/// <summary>CONFIG SET of what the cluster announces holds for the next command, also in the same transaction.</summary>
public sealed class LiveDirectiveTests
{
    [Theory]
    [InlineData("cluster-announce-ip", "192.0.2.9", "192.0.2.9:{port}@{bus}")]
    [InlineData("cluster-announce-port", "4711", ":4711@{bus}")]
    [InlineData("cluster-announce-bus-port", "4712", ":{port}@4712")]
    [InlineData("cluster-announce-hostname", "here.example", "@{bus},here.example ")]
    [InlineData("cluster-replica-no-failover", "yes", "myself,master,nofailover")]
    public async Task What_is_announced_is_seen_by_the_next_command_of_the_same_transaction(
        string directive, string value, string expected)
    {
        await using var server = StartNode();
        using var client = new RawConnection(server.Port);
        Assert.Equal("OK", client.Call("CLUSTER", "ADDSLOTSRANGE", "0", "16383").Text);
        var before = client.Call("CONFIG", "GET", directive).Items[1].Text!;
        var bus = Regex.Match(client.Call("CLUSTER", "NODES").Text!, "@([0-9]+)").Groups[1].Value;
        expected = expected.Replace("{port}", $"{server.Port}", StringComparison.Ordinal)
            .Replace("{bus}", bus, StringComparison.Ordinal);

        client.Call("MULTI");
        client.Call("CONFIG", "SET", directive, value);
        client.Call("CLUSTER", "NODES");
        client.Call("CLUSTER", "SAVECONFIG");
        client.Call("CONFIG", "SET", directive, before);
        client.Call("CLUSTER", "NODES");
        var replies = client.Call("EXEC").Items;

        Assert.Equal("OK", replies[0].Text);
        Assert.Contains(expected, replies[1].Text, StringComparison.Ordinal);
        Assert.DoesNotContain(expected, replies[4].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slots_and_shards_name_what_was_just_announced()
    {
        await using var server = StartNode();
        using var client = new RawConnection(server.Port);
        Assert.Equal("OK", client.Call("CLUSTER", "ADDSLOTSRANGE", "0", "16383").Text);
        for (var i = 1; i <= 50; i++)
        {
            Assert.Equal("OK", client.Call("CONFIG", "SET", "cluster-announce-ip", $"192.0.2.{i}", "cluster-announce-port", $"{5000 + i}").Text);
            var range = client.Call("CLUSTER", "SLOTS").Items[0].Items;
            Assert.Equal($"192.0.2.{i}", range[2].Items[0].Text);
            Assert.Equal($"{5000 + i}", range[2].Items[1].Text);
        }
    }

    [Fact]
    public async Task Redirects_name_the_preferred_endpoint_at_once()
    {
        await using var first = StartNode();
        await using var second = StartNode();
        using var client = new RawConnection(first.Port);
        using var other = new RawConnection(second.Port);
        Assert.Equal("OK", client.Call("CLUSTER", "ADDSLOTSRANGE", "0", "8000").Text);
        Assert.Equal("OK", other.Call("CLUSTER", "ADDSLOTSRANGE", "8001", "16383").Text);
        Assert.Equal("OK", other.Call("CONFIG", "SET", "cluster-announce-hostname", "there.example").Text);
        Meet(client, other);
        Wait.Until("the name has arrived", () => client.Call("CLUSTER", "NODES").Text!.Contains("there.example", StringComparison.Ordinal));
        WaitUntilOk(client);
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal("OK", client.Call("CONFIG", "SET", "cluster-preferred-endpoint-type", "hostname").Text);
            Assert.Equal($"MOVED 12182 there.example:{second.Port}", client.Call("GET", "foo").Text);
            Assert.Equal("OK", client.Call("CONFIG", "SET", "cluster-preferred-endpoint-type", "ip").Text);
            Assert.Equal($"MOVED 12182 127.0.0.1:{second.Port}", client.Call("GET", "foo").Text);
        }
    }

    [Fact]
    public async Task Full_coverage_that_is_not_asked_for_any_more_opens_the_cluster_at_once()
    {
        await using var server = StartNode();
        using var client = new RawConnection(server.Port);
        Assert.Equal("OK", client.Call("CLUSTER", "ADDSLOTSRANGE", "0", "16383").Text);
        WaitUntilOk(client);
        Assert.Equal("OK", client.Call("CLUSTER", "DELSLOTS", "0").Text);
        for (var i = 0; i < 20; i++)
        {
            Assert.StartsWith("CLUSTERDOWN", client.Call("SET", "foo", "bar").Text, StringComparison.Ordinal);
            client.Call("MULTI");
            client.Call("CONFIG", "SET", "cluster-require-full-coverage", "no");
            client.Call("CLUSTER", "INFO");
            Assert.Contains("cluster_state:ok", client.Call("EXEC").Items[1].Text, StringComparison.Ordinal);
            Assert.Equal("OK", client.Call("SET", "foo", "bar").Text);
            Assert.Equal("OK", client.Call("CONFIG", "SET", "cluster-require-full-coverage", "yes").Text);
        }
    }

    [Fact]
    public async Task Another_port_for_clients_leaves_the_bus_where_it_listens()
    {
        await using var first = StartNode();
        await using var second = StartNode();
        using var client = new RawConnection(first.Port);
        using var other = new RawConnection(second.Port);
        var bus = BusPort(client);
        var port = Ports.Take();
        Assert.Equal("OK", client.Call("CONFIG", "SET", "port", $"{port}").Text);
        Assert.Contains($":{port}@{bus} myself", client.Call("CLUSTER", "NODES").Text!, StringComparison.Ordinal);

        Assert.Equal("OK", other.Call("CLUSTER", "MEET", "127.0.0.1", $"{port}", $"{bus}").Text);

        Wait.Until("they have met", () => other.Call("CLUSTER", "NODES").Text!
            .Contains($"127.0.0.1:{port}@{bus} master", StringComparison.Ordinal)
            && client.Call("CLUSTER", "NODES").Text!.Contains($"127.0.0.1:{second.Port}@{BusPort(other)} master", StringComparison.Ordinal));
        Wait.Until("both are linked", () => other.Call("CLUSTER", "LINKS").Items.Count == 2
            && client.Call("CLUSTER", "LINKS").Items.Count == 2);
    }

    [Fact]
    public async Task A_port_that_cannot_be_had_is_not_announced()
    {
        await using var server = StartNode();
        await using var taken = StartNode();
        using var client = new RawConnection(server.Port);
        var before = client.Call("CLUSTER", "NODES").Text;
        Assert.StartsWith("ERR CONFIG SET failed", client.Call("CONFIG", "SET", "port", $"{taken.Port}").Text, StringComparison.Ordinal);
        Assert.Equal(before, client.Call("CLUSTER", "NODES").Text);
    }

    /// <summary>A node that listens where it says it does: the port that it got in the end is in its view.</summary>
    internal static TestServer StartNode(Action<ServerConfig>? configure = null, Action<NodeServer>? prepare = null)
    {
        string? password = null;
        var server = TestServer.Start(config =>
        {
            config.ClusterEnabled = true;
            config.Databases = 1;
            config.Port = Ports.Take();
            config.ClusterNodeTimeout = 2000;
            config.EnableDebugCommand = "yes";
            configure?.Invoke(config);
            password = config.RequirePass;
        }, prepare: prepare);
        using var client = new RawConnection(server.Port);
        if (!string.IsNullOrEmpty(password)) client.Call("AUTH", password);
        Wait.Until("the view has the port", () => client.Call("CLUSTER", "NODES").Text!
            .Contains($":{server.Port}@", StringComparison.Ordinal));
        return server;
    }

    internal static void WaitUntilOk(RawConnection connection) => Wait.Until(
        "the cluster is ok",
        () => connection.Call("CLUSTER", "INFO").Text!.Contains("cluster_state:ok", StringComparison.Ordinal));

    internal static void Meet(RawConnection client, RawConnection other)
    {
        var match = Regex.Match(other.Call("CLUSTER", "NODES").Text!, ":([0-9]+)@([0-9]+)");
        Assert.Equal(
            "OK", client.Call("CLUSTER", "MEET", "127.0.0.1", match.Groups[1].Value, match.Groups[2].Value).Text);
    }

    private static int BusPort(RawConnection client) => int.Parse(
        Regex.Match(client.Call("CLUSTER", "NODES").Text!, "@([0-9]+)[^\n]* myself").Groups[1].Value,
        CultureInfo.InvariantCulture);
}
