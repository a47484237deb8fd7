using System.Globalization;
using Starling.Resp;

namespace Starling.Node.Tests.Commands;

/// <summary>What hash commands do that the comparison with redis-server does not show.</summary>
public sealed class HashTests
{
    [Theory]
    [InlineData("512")]
    [InlineData("0")]
    public async Task Random_fields_are_fields_of_the_hash_and_different_ones_differ(string entries)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call("CONFIG", "SET", "hash-max-listpack-entries", entries);
        client.Call(["HSET", "h", .. Enumerable.Range(0, 200).SelectMany(i => new[] { $"f{i}", $"v{i}" })]);
        foreach (var count in new[] { 1, 5, 30, 199, 200, 500 })
        {
            var reply = client.Call("HRANDFIELD", "h", Text(count), "WITHVALUES").Items;
            Assert.Equal(2 * Math.Min(200, count), reply.Count);
            var fields = reply.Where((_, i) => i % 2 == 0).Select(x => x.Text!).ToList();
            Assert.Equal(fields.Count, fields.Distinct().Count());
            for (var i = 0; i < fields.Count; i++) Assert.Equal("v" + fields[i][1..], reply[(2 * i) + 1].Text);
        }

        var seen = new HashSet<string>();
        for (var i = 0; i < 20; i++) seen.UnionWith(client.Call("HRANDFIELD", "h", "-500").Items.Select(x => x.Text!));
        Assert.Equal(200, seen.Count);
        Assert.Equal(500, client.Call("HRANDFIELD", "h", "-500").Items.Count);
        Assert.StartsWith("f", client.Call("HRANDFIELD", "h").Text, StringComparison.Ordinal);
        Assert.Null(client.Call("HRANDFIELD", "absent").Text);
    }

    [Theory]
    [InlineData(5, false)]
    [InlineData(100, false)]
    [InlineData(5, true)]
    public async Task A_hash_that_a_lowered_limit_forbids_becomes_a_table_with_the_next_change(int fields, bool expires)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call(["HSET", "h", .. Enumerable.Range(0, fields).SelectMany(i => new[] { $"field{i}", $"value{i}" })]);
        if (expires) client.Call("HEXPIRE", "h", "1000", "FIELDS", "1", "field1");
        client.Call("CONFIG", "SET", "hash-max-listpack-entries", Text(fields - 1));
        client.Call("HSETNX", "h", "field0", "other");
        Assert.StartsWith("listpack", client.Call("OBJECT", "ENCODING", "h").Text, StringComparison.Ordinal);
        Assert.Equal(0, client.Call("HSET", "h", "field0", "other").Number);
        Assert.Equal("hashtable", client.Call("OBJECT", "ENCODING", "h").Text);
        Assert.Equal("other", client.Call("HGET", "h", "field0").Text);
        Assert.Equal(fields, client.Call("HLEN", "h").Number);
    }

    [Fact]
    public async Task A_walk_returns_every_field_that_stays()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call(["HSET", "h", .. Enumerable.Range(0, 3000).SelectMany(i => new[] { $"stays{i}", $"{i}" })]);
        var met = new HashSet<string>();
        var cursor = "0";
        var calls = 0;
        do
        {
            var reply = client.Call("HSCAN", "h", cursor, "COUNT", "20", "NOVALUES", "MATCH", "stays*");
            cursor = reply.Items[0].Text!;
            met.UnionWith(reply.Items[1].Items.Select(x => x.Text!));
            client.Call(["HSET", "h", .. Enumerable.Range(0, 50).SelectMany(i => new[] { $"new{calls} {i}", "x" })]);
            calls++;
        }
        while (cursor != "0");
        Assert.Equal(3000, met.Count);
        Assert.InRange(calls, 50, 1000);
        var pair = client.Call("HSCAN", "h", "0", "COUNT", "1").Items[1].Items;
        Assert.True(pair.Count >= 2 && pair.Count % 2 == 0);
    }

    [Fact]
    public async Task Replies_have_the_types_of_the_third_protocol()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal(RespKind.Map, (await client.CallAsync("HELLO", "3")).Kind);
        Assert.Equal("(integer) 1", await client.TextAsync("HSET", "h", "a", "1"));
        var all = await client.CallAsync("HGETALL", "h");
        Assert.Equal((RespKind.Map, "[a, 1]"), (all.Kind, all.ToString()));
        Assert.Equal(RespKind.Map, (await client.CallAsync("HGETALL", "absent")).Kind);
        var keys = await client.CallAsync("HKEYS", "h");
        Assert.Equal((RespKind.Array, "[a]"), (keys.Kind, keys.ToString()));
        Assert.Equal("[1, (nil)]", await client.TextAsync("HMGET", "h", "a", "b"));
        Assert.Equal("[[a, 1]]", await client.TextAsync("HRANDFIELD", "h", "3", "WITHVALUES"));
    }

    [Fact]
    public async Task Sums_go_to_replicas_as_results()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        using var replica = new ReplicaStream(server.Port);
        client.Call("HINCRBYFLOAT", "h", "f", "0.5");
        client.Call("HINCRBY", "h", "n", "5");
        client.Call("HPEXPIREAT", "h", "20000000000000", "FIELDS", "1", "f");
        client.Call("HINCRBYFLOAT", "h", "f", "0.25");
        Assert.Equal("*1[:20000000000000]", Plain(client.Call("HPEXPIRETIME", "h", "FIELDS", "1", "f")));
        client.Call("SET", "end", "marker");
        var stream = replica.ReadTo("marker").Where(x => x[0] != "SELECT").Select(x => string.Join(' ', x));
        Assert.Equal(
            ["HSET h f 0.5", "HINCRBY h n 5", "HPEXPIREAT h 20000000000000 FIELDS 1 f", "HSETEX h KEEPTTL FIELDS 1 f 0.75"],
            stream);
    }

    [Fact]
    public async Task Sort_follows_patterns_into_fields()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call("RPUSH", "l", "a", "b", "c");
        foreach (var (name, weight) in new[] { ("a", "3"), ("b", "1"), ("c", "2") })
            client.Call("HSET", "w:" + name, "weight", weight, "name", "name of " + name);
        Assert.Equal(
            "*3[$name of b $name of c $name of a]",
            Plain(client.Call("SORT", "l", "BY", "w:*->weight", "GET", "w:*->name")));
    }

    private static string Plain(RawReply reply) => reply.ToString().Replace("\"", "", StringComparison.Ordinal);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
