using System.Globalization;
using Starling.Resp;

namespace Starling.Node.Tests.Commands;

/// <summary>Commands on sorted sets and places beyond what the differential tests send.</summary>
public sealed class SortedSetTests
{
    [Fact]
    public async Task Ranks_come_with_scores_when_asked()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("ZADD", "z", "1", "a", "2.5", "b", "3", "c");
        Assert.Equal("[(integer) 1, 2.5]", await client.TextAsync("ZRANK", "z", "b", "WITHSCORE"));
        Assert.Equal("[(integer) 0, 3]", await client.TextAsync("ZREVRANK", "z", "c", "withscore"));
        Assert.Equal("(nil)", await client.TextAsync("ZRANK", "z", "x", "WITHSCORE"));
        Assert.Equal("(error) ERR syntax error", await client.TextAsync("ZRANK", "z", "a", "WITHSCORES"));
        Assert.Equal("(error) ERR wrong number of arguments for 'zrank' command", await client.TextAsync("ZRANK", "z", "a", "WITHSCORE", "x"));
    }

    /// <summary>Results of up to a megabyte are gathered in another way than larger ones.</summary>
    [Theory]
    [InlineData(8, 10)]
    [InlineData(8, 300)]
    [InlineData(8000, 150)]
    public async Task Unions_of_every_size_add_up_and_are_in_order(int length, int members)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var sums = new Dictionary<string, int>(StringComparer.Ordinal);
        var random = new Random(members);
        foreach (var key in new[] { "x", "y", "z" })
        {
            for (var i = 0; i < members; i++)
            {
                if (random.Next(3) == 0) continue;
                var member = i.ToString(CultureInfo.InvariantCulture).PadLeft(length, '-');
                var score = random.Next(5);
                await client.CallAsync("ZADD", key, score.ToString(CultureInfo.InvariantCulture), member);
                sums[member] = sums.GetValueOrDefault(member) + score;
            }
        }

        var sorted = sums.OrderBy(pair => pair.Value).ThenBy(pair => pair.Key, StringComparer.Ordinal).ToList();
        var expected = "[" + string.Join(", ", sorted.Select(pair => pair.Key + ", " + pair.Value.ToString(CultureInfo.InvariantCulture))) + "]";
        Assert.Equal("(integer) " + sums.Count.ToString(CultureInfo.InvariantCulture), await client.TextAsync("ZUNIONSTORE", "all", "3", "x", "y", "z"));
        Assert.Equal(expected, await client.TextAsync("ZRANGE", "all", "0", "-1", "WITHSCORES"));
        Assert.Equal(expected, await client.TextAsync("ZUNION", "3", "z", "x", "y", "WITHSCORES"));
        Assert.Equal("(integer) " + sums.Count.ToString(CultureInfo.InvariantCulture), await client.TextAsync("ZRANGESTORE", "copy", "all", "0", "-1", "REV"));
        Assert.Equal(expected, await client.TextAsync("ZRANGE", "copy", "0", "-1", "WITHSCORES"));
    }

    [Theory]
    [InlineData("ZRANGEBYSCORE", "z", "(3", "(1")]
    [InlineData("ZREVRANGEBYSCORE", "z", "(1", "(3")]
    [InlineData("ZRANGEBYLEX", "z", "[x", "[a")]
    [InlineData("ZRANGE", "z", "(3", "(1", "BYSCORE")]
    [InlineData("ZRANGE", "z", "-", "+", "BYLEX", "REV")]
    [InlineData("ZRANGESTORE", "t", "z", "(3", "(1", "BYSCORE")]
    public async Task A_range_whose_bounds_are_the_wrong_way_round_is_empty_whatever_its_limit(params string[] command)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("ZADD", "z", "1", "a", "2", "b", "3", "c");
        var empty = command[0] == "ZRANGESTORE" ? "(integer) 0" : "[]";
        foreach (var offset in new[] { "0", "1", "2", "-1", "9223372036854775807", "9223372036854775805", "-9223372036854775808" })
            foreach (var count in new[] { "-1", "0", "3", "9223372036854775807", "-9223372036854775808" })
                Assert.Equal(empty, await client.TextAsync([.. command, "LIMIT", offset, count]));
    }

    [Fact]
    public async Task Scores_are_doubles_and_pairs_are_arrays_in_resp3()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("HELLO", "3");
        await client.CallAsync("ZADD", "z", "1", "a", "0.1", "b", "inf", "c");
        var score = await client.CallAsync("ZSCORE", "z", "b");
        Assert.Equal((RespKind.Double, "0.10000000000000001"), (score.Kind, score.Text));
        Assert.Equal(RespKind.Double, (await client.CallAsync("ZADD", "z", "INCR", "1", "a")).Kind);
        var pairs = await client.CallAsync("ZRANGE", "z", "0", "-1", "WITHSCORES");
        Assert.Equal("[[b, 0.10000000000000001], [a, 2], [c, inf]]", pairs.ToString());
        Assert.Equal(RespKind.Double, pairs[0][1].Kind);
        Assert.Equal("[[b, 0.10000000000000001]]", (await client.CallAsync("ZUNION", "1", "z", "WITHSCORES")).Elements.Take(1).Select(x => x.ToString()).Single().Insert(0, "[") + "]");
        Assert.Equal("[c, inf]", await client.TextAsync("ZPOPMAX", "z"));
        Assert.Equal("[[b, 0.10000000000000001]]", await client.TextAsync("ZPOPMIN", "z", "1"));
        Assert.Equal("[z, a, 2]", await client.TextAsync("BZPOPMIN", "z", "0"));
        await client.CallAsync("GEOADD", "g", "10", "20", "p");
        Assert.Equal(RespKind.Double, (await client.CallAsync("GEOPOS", "g", "p"))[0][0].Kind);
        Assert.Equal(RespKind.Bulk, (await client.CallAsync("GEODIST", "g", "p", "p")).Kind);
    }

    [Fact]
    public async Task A_scan_meets_every_member_while_the_set_grows()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        for (var i = 0; i < 1000; i++) await client.CallAsync("ZADD", "z", "1", "stays" + i);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var cursor = "0";
        var step = 0;
        do
        {
            var reply = await client.CallAsync("ZSCAN", "z", cursor, "COUNT", "20", "MATCH", "stays*");
            cursor = reply[0].Text!;
            for (var i = 0; i < reply[1].Elements.Count; i += 2)
            {
                seen.Add(reply[1][i].Text!);
                Assert.Equal("1", reply[1][i + 1].Text);
            }

            for (var i = 0; i < 20; i++) await client.CallAsync("ZADD", "z", "2", "other" + step++);
        }
        while (cursor != "0");
        Assert.Equal(1000, seen.Count);
    }

    [Fact]
    public async Task Random_members_are_distinct_when_the_count_is_positive()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        for (var i = 0; i < 300; i++) await client.CallAsync("ZADD", "z", i.ToString(CultureInfo.InvariantCulture), "m" + i);
        foreach (var (count, expected) in new[] { (5, 5), (200, 200), (299, 299), (1000, 300), (-500, 500) })
        {
            var reply = await client.CallAsync("ZRANDMEMBER", "z", count.ToString(CultureInfo.InvariantCulture), "WITHSCORES");
            var members = reply.Elements.Where((_, i) => i % 2 == 0).Select(x => x.Text).ToList();
            Assert.Equal(expected, members.Count);
            if (count > 0) Assert.Equal(expected, members.Distinct(StringComparer.Ordinal).Count());
            for (var i = 0; i < members.Count; i++) Assert.Equal("m" + reply[(2 * i) + 1].Text, members[i]);
        }
    }

    [Fact]
    public async Task Who_waits_for_a_member_gets_the_lowest_or_highest_in_the_order_of_coming()
    {
        await using var server = TestServer.Start();
        var other = await server.ConnectAsync();
        var first = await BlockAsync(server, "BZPOPMIN", "a", "z", "0");
        var second = await BlockAsync(server, "BZPOPMAX", "z", "0");
        var third = await BlockAsync(server, "BZMPOP", "0", "2", "a", "z", "MAX", "COUNT", "2");
        await other.CallAsync("RPUSH", "a", "a list wakes nobody");
        await other.CallAsync("DEL", "a");
        await other.CallAsync("ZADD", "z", "1", "m1", "2", "m2", "3", "m3", "4", "m4", "5", "m5");
        Assert.Equal("[z, m1, 1]", (await first.ReadAsync()).ToString());
        Assert.Equal("[z, m5, 5]", (await second.ReadAsync()).ToString());
        Assert.Equal("[z, [[m4, 4], [m3, 3]]]", (await third.ReadAsync()).ToString());
        Assert.Equal("[m2]", await other.TextAsync("ZRANGE", "z", "0", "-1"));
    }

    [Fact]
    public async Task A_waiting_client_is_served_when_a_set_is_stored_and_not_inside_a_transaction()
    {
        await using var server = TestServer.Start();
        var other = await server.ConnectAsync();
        await other.CallAsync("ZADD", "from", "7", "m");
        var waiter = await BlockAsync(server, "BZPOPMIN", "to", "0");
        await other.SendAsync("MULTI\r\nZUNIONSTORE to 1 from\r\nBZPOPMIN none 0\r\nZCARD to\r\nEXEC\r\n");
        for (var i = 0; i < 4; i++) await other.ReadAsync();
        Assert.Equal("[(integer) 1, (nil), (integer) 1]", (await other.ReadAsync()).ToString());
        Assert.Equal("[to, m, 7]", (await waiter.ReadAsync()).ToString());
        Assert.Equal("(integer) 0", await other.TextAsync("EXISTS", "to"));
    }

    [Fact]
    public async Task Sort_takes_a_sorted_set_in_its_order()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("ZADD", "z", "1", "30", "2", "4", "3", "100");
        Assert.Equal("[4, 30, 100]", await client.TextAsync("SORT", "z"));
        Assert.Equal("[30, 4, 100]", await client.TextAsync("SORT", "z", "BY", "nosort"));
        Assert.Equal("[100, 4, 30]", await client.TextAsync("SORT", "z", "BY", "nosort", "DESC"));
        Assert.Equal("[4]", await client.TextAsync("SORT_RO", "z", "BY", "nosort", "LIMIT", "1", "1"));
        Assert.Equal("(integer) 3", await client.TextAsync("SORT", "z", "STORE", "l"));
        Assert.Equal("[4, 30, 100]", await client.TextAsync("LRANGE", "l", "0", "-1"));
    }

    [Fact]
    public async Task Encodings_change_with_the_directives_and_never_back()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("CONFIG", "SET", "zset-max-ziplist-entries", "3", "zset-max-listpack-value", "5");
        await client.CallAsync("ZADD", "z", "1", "a", "2", "b", "3", "ccccc");
        Assert.Equal("listpack", await client.TextAsync("OBJECT", "ENCODING", "z"));
        await client.CallAsync("ZADD", "z", "4", "d");
        Assert.Equal("skiplist", await client.TextAsync("OBJECT", "ENCODING", "z"));
        await client.CallAsync("ZREM", "z", "d");
        Assert.Equal("skiplist", await client.TextAsync("OBJECT", "ENCODING", "z"));
        await client.CallAsync("ZRANGESTORE", "z", "z", "0", "-1");
        Assert.Equal("listpack", await client.TextAsync("OBJECT", "ENCODING", "z"));
        await client.CallAsync("ZADD", "z", "XX", "9", "ccccc");
        Assert.Equal("listpack", await client.TextAsync("OBJECT", "ENCODING", "z"));
        await client.CallAsync("ZREM", "z", "a");
        await client.CallAsync("ZADD", "z", "9", "sixsix");
        Assert.Equal("skiplist", await client.TextAsync("OBJECT", "ENCODING", "z"));
        Assert.Equal("zset", await client.TextAsync("TYPE", "z"));
    }

    private static async Task<TestClient> BlockAsync(TestServer server, params string[] command)
    {
        var before = server.Node.Waiters.Count;
        var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Encode(command));
        await Eventually.True(() => server.Node.Waiters.Count == before + 1);
        return client;
    }
}
