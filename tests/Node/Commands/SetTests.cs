using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>Set commands beyond what the differential tests send: chance, large sets, encodings, both protocols.</summary>
public sealed class SetTests
{
    [Theory]
    [InlineData(20, false)]
    [InlineData(20, true)]
    [InlineData(3000, true)]
    public async Task Every_member_is_chosen_as_often_as_the_others(int members, bool isText)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call(["SADD", "s", .. Members(members, isText)]);
        foreach (var count in new[] { "1", "-1", Text(members / 2), Text(members / 20) })
        {
            const int Draws = 200;
            var each = Math.Abs(int.Parse(count, CultureInfo.InvariantCulture));
            var rounds = members * Draws / each;
            var seen = new Dictionary<string, int>(StringComparer.Ordinal);
            foreach (var reply in client.CallAll([.. Enumerable.Repeat(new[] { "SRANDMEMBER", "s", count }, rounds)]))
            {
                Assert.Equal(each, reply.Items.Count);
                foreach (var item in reply.Items) seen[item.Text!] = seen.GetValueOrDefault(item.Text!) + 1;
            }

            // 200 draws of each on average, give or take 14: seven times that is out of the question.
            Assert.Equal(members, seen.Count);
            Assert.All(seen.Values, times => Assert.InRange(times, 100, 300));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Sets_of_every_form_and_size_are_combined_as_managed_ones(int seed)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        var random = new Random(seed);
        var sets = new List<HashSet<string>>();
        foreach (var size in new[] { 3, 20, 40, 100, 110, 128, 300 })
        {
            foreach (var isText in new[] { true, false })
            {
                var set = new HashSet<string>(StringComparer.Ordinal);
                while (set.Count < size) set.Add(Member(random, isText));
                client.Call(["SADD", "s" + sets.Count, .. set]);
                sets.Add(set);
            }
        }

        for (var round = 0; round < 300; round++)
        {
            var chosen = Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(sets.Count)).ToList();
            var keys = chosen.Select(which => "s" + which).ToArray();
            var common = new HashSet<string>(sets[chosen[0]], StringComparer.Ordinal);
            var all = new HashSet<string>(sets[chosen[0]], StringComparer.Ordinal);
            var rest = new HashSet<string>(sets[chosen[0]], StringComparer.Ordinal);
            foreach (var which in chosen.Skip(1))
            {
                common.IntersectWith(sets[which]);
                all.UnionWith(sets[which]);
                rest.ExceptWith(sets[which]);
            }

            Agrees("SINTER", common);
            Agrees("SUNION", all);
            Agrees("SDIFF", rest);
            Assert.Equal(common.Count, client.Call(["SINTERCARD", Text(keys.Length), .. keys]).Number);

            void Agrees(string command, HashSet<string> expected)
            {
                var sorted = expected.Order(StringComparer.Ordinal).ToList();
                Assert.Equal(sorted, Sorted(client.Call([command, .. keys])));
                Assert.Equal(expected.Count, client.Call([command + "STORE", "stored", .. keys]).Number);
                Assert.Equal(sorted, Sorted(client.Call("SMEMBERS", "stored")));
                foreach (var member in sorted) Assert.Equal(1, client.Call("SISMEMBER", "stored", member).Number);
            }
        }

        static List<string> Sorted(RawReply reply) => reply.Items.Select(item => item.Text!).Order(StringComparer.Ordinal).ToList();

        // Of texts some are numbers, some too long for the index of a listpack, and some alike but for their middle.
        static string Member(Random random, bool isText) => (isText ? random.Next(5) : 0) switch
        {
            0 => Text(random.Next(-200, 200)),
            1 => new string('x', random.Next(61, 63)) + Text(random.Next(100)),
            2 => "begin" + Text(random.Next(100, 300)) + "and a long end",
            _ => "m" + Text(random.Next(300)),
        };
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(60, true)]
    [InlineData(2000, true)]
    public async Task Random_members_with_a_positive_count_differ_and_with_a_negative_one_may_repeat(int members, bool isText)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        var all = Members(members, isText).ToList();
        client.Call(["SADD", "s", .. all]);
        foreach (var count in new[] { 1, members / 10, members / 2, members - 1, members, members + 5 })
        {
            var some = client.Call("SRANDMEMBER", "s", Text(count)).Items.Select(item => item.Text).ToList();
            Assert.Equal(Math.Min(count, members), some.Count);
            Assert.Equal(some.Count, some.Distinct().Count());
            Assert.Empty(some.Except(all));
        }

        var repeated = client.Call("SRANDMEMBER", "s", Text(-10 * members)).Items.Select(item => item.Text).ToList();
        Assert.Equal(10 * members, repeated.Count);
        Assert.Empty(repeated.Except(all));
        Assert.Equal(members, client.Call("SCARD", "s").Number);
    }

    [Theory]
    [InlineData(10, false)]
    [InlineData(60, true)]
    [InlineData(3000, true)]
    public async Task Popped_members_are_gone_each_once_until_the_key_goes(int members, bool isText)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        var left = Members(members, isText).ToHashSet(StringComparer.Ordinal);
        client.Call(["SADD", "s", .. left]);
        Assert.True(left.Remove(client.Call("SPOP", "s").Text!));
        foreach (var count in new[] { 1, members / 3, members / 2 })
        {
            var popped = client.Call("SPOP", "s", Text(count)).Items.Select(item => item.Text!).ToList();
            Assert.Equal(count, popped.Count);
            Assert.All(popped, member => Assert.True(left.Remove(member)));
            Assert.Equal(left.Count, client.Call("SCARD", "s").Number);
        }

        Assert.True(left.SetEquals(client.Call("SMEMBERS", "s").Items.Select(item => item.Text!)));
        Assert.Equal(left.Count, client.Call("SPOP", "s", Text(members)).Items.Count);
        Assert.Equal(0, client.Call("EXISTS", "s").Number);
        client.Call("SADD", "s", "last");
        Assert.Equal("last", client.Call("SPOP", "s").Text);
        Assert.Equal(0, client.Call("EXISTS", "s").Number);
    }

    [Fact]
    public async Task A_client_that_asks_for_more_random_members_than_can_be_sent_is_closed()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call("SADD", "s", new string('x', 4_000_000), new string('y', 4_000_000));
        Assert.ThrowsAny<Exception>(() => client.Call("SRANDMEMBER", "s", "-9223372036854775807"));
        using var other = new RawConnection(server.Port);
        Assert.Equal(2, other.Call("SCARD", "s").Number);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(10_000)]
    public async Task Sscan_shows_every_member_that_stays_while_others_come_and_go(int count)
    {
        const int Staying = 700;
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call(["SADD", "s", .. Enumerable.Range(0, Staying).Select(i => "stays" + Text(i))]);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var cursor = "0";
        var step = 0;
        do
        {
            var reply = client.Call("SSCAN", "s", cursor, "COUNT", Text(count), "MATCH", "stays*");
            cursor = reply.Items[0].Text!;
            seen.UnionWith(reply.Items[1].Items.Select(i => i.Text!));

            // The table grows at first, then shrinks.
            var comesOrGoes = step / 100 % 2 == 0 ? "SADD" : "SREM";
            client.Call([comesOrGoes, "s", .. Enumerable.Range(step % 100 * 50, 50).Select(i => "churn" + Text(i))]);
            step++;
        }
        while (cursor != "0");
        Assert.Equal(Staying, seen.Count);
        if (count == 10_000) Assert.InRange(step, 1, 3);
    }

    [Fact]
    public async Task A_small_set_is_scanned_whole_whatever_the_cursor_and_count()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call(["SADD", "texts", .. Members(100, isText: true)]);
        client.Call(["SADD", "integers", .. Members(500, isText: false)]);
        foreach (var (name, count) in new[] { ("texts", 100), ("integers", 500) })
        {
            var reply = client.Call("SSCAN", name, "77", "COUNT", "1");
            Assert.Equal("0", reply.Items[0].Text);
            Assert.Equal(count, reply.Items[1].Items.Count);
        }

        Assert.Equal("ERR NOVALUES option can only be used in HSCAN", client.Call("SSCAN", "texts", "0", "NOVALUES").Text);
        Assert.Equal("*2[$\"0\" *0[]]", client.Call("SSCAN", "absent", "5").ToString());
        client.Call(["SADD", "large", .. Members(1000, isText: true)]);
        Assert.Equal("0", client.Call("SSCAN", "large", "18446744073709551615", "COUNT", "100000").Items[0].Text);
    }

    [Fact]
    public async Task Members_of_sets_are_sets_in_resp3_and_what_may_repeat_is_an_array()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.SendAsync("HELLO 3\r\nSADD s 1\r\nSADD t a\r\n");
        await client.ReadAsync();
        await client.ReadAsync();
        await client.ReadAsync();
        foreach (var (command, expected) in new[]
        {
            ("SMEMBERS s", "~1\r\n$1\r\n1\r\n"), ("SINTER s", "~1\r\n$1\r\n1\r\n"), ("SUNION s absent", "~1\r\n$1\r\n1\r\n"), ("SDIFF s t", "~1\r\n$1\r\n1\r\n"),
            ("SINTER s t", "~0\r\n"), ("SPOP absent 1", "~0\r\n"), ("SPOP s 0", "~0\r\n"), ("SRANDMEMBER s 3", "*1\r\n$1\r\n1\r\n"), ("SRANDMEMBER absent 3", "*0\r\n"),
            ("SRANDMEMBER absent", "_\r\n"), ("SPOP absent", "_\r\n"), ("SMISMEMBER s 1 2", "*2\r\n:1\r\n:0\r\n"), ("SSCAN s 0", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\n1\r\n"),
            ("SPOP s 5", "~1\r\n$1\r\n1\r\n"),
        })
        {
            await client.SendAsync(command + "\r\n");
            var buffer = new byte[256];
            var length = 0;
            while (length < expected.Length) length += await client.Socket.ReceiveAsync(buffer.AsMemory(length));
            Assert.Equal((command, expected), (command, System.Text.Encoding.ASCII.GetString(buffer, 0, length)));
        }
    }

    [Fact]
    public async Task Encodings_change_as_in_redis_7_2()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        string? Encoding(string key) => client.Call("OBJECT", "ENCODING", key).Text;
        client.Call(["SADD", "i", .. Members(512, isText: false)]);
        Assert.Equal("intset", Encoding("i"));
        client.Call("SADD", "i", "-1");
        Assert.Equal("hashtable", Encoding("i"));
        client.Call(["SADD", "t", .. Members(128, isText: true)]);
        Assert.Equal("listpack", Encoding("t"));
        client.Call("SADD", "t", "one more");
        Assert.Equal("hashtable", Encoding("t"));
        client.Call("SADD", "v", new string('v', 64), "1");
        Assert.Equal("listpack", Encoding("v"));
        client.Call("SADD", "v", new string('v', 65));
        Assert.Equal("hashtable", Encoding("v"));

        // Members that might not fit, though they are the same one.
        client.Call(["SADD", "h", .. Enumerable.Repeat("1", 513)]);
        Assert.Equal("hashtable", Encoding("h"));
        client.Call("SINTERSTORE", "back", "i", "i");
        Assert.Equal("hashtable", Encoding("back"));
        client.Call("SREM", "i", "1");
        client.Call("SINTERSTORE", "back", "i", "i");
        Assert.Equal("intset", Encoding("back"));
        client.CallAll([["CONFIG", "SET", "set-max-intset-entries", "2"], ["CONFIG", "SET", "set-max-listpack-entries", "3"], ["SADD", "small", "1", "2"]]);
        Assert.Equal("intset", Encoding("small"));
        client.Call("SADD", "small", "3");
        Assert.Equal("hashtable", Encoding("small"));
    }

    [Theory]
    [InlineData("SINTERSTORE")]
    [InlineData("SUNIONSTORE")]
    [InlineData("SDIFFSTORE")]
    public async Task A_result_may_take_the_place_of_one_of_its_sources(string command)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        foreach (var (count, isText) in new[] { (10, false), (100, true), (2000, true) })
        {
            foreach (var target in new[] { "a", "b" })
            {
                string[] a = [.. Members(count, isText)], b = [.. Members(count, isText).Skip(count / 2), "other"];
                client.CallAll([["DEL", "a", "b"], ["SADD", "a", .. a], ["SADD", "b", .. b], ["PEXPIRE", target, "1000000"]]);
                var expected = command[1] switch { 'I' => a.Intersect(b), 'U' => a.Union(b), _ => a.Except(b) };
                Assert.Equal(expected.Count(), client.Call(command, target, "a", "b").Number);
                Assert.True(expected.ToHashSet().SetEquals(client.Call("SMEMBERS", target).Items.Select(item => item.Text!)));
                Assert.Equal(-1, client.Call("TTL", target).Number);
            }
        }
    }

    [Fact]
    public async Task Large_and_small_sets_are_combined_rightly_whichever_comes_first()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        var sets = new Dictionary<string, HashSet<string>>(StringComparer.Ordinal)
        {
            ["large"] = [.. Members(20_000, isText: true)],
            ["integers"] = [.. Members(300, isText: false)],
            ["many"] = [.. Members(9000, isText: false)],
            ["few"] = [.. Members(40, isText: true), "5", "absent elsewhere"],
            ["absent"] = [],
        };
        foreach (var (name, members) in sets.Where(pair => pair.Value.Count > 0)) client.Call(["SADD", name, .. members]);
        foreach (var first in sets.Keys)
        {
            foreach (var second in sets.Keys)
            {
                var (a, b) = (sets[first], sets[second]);
                Assert.True(a.Except(b).ToHashSet().SetEquals(Get("SDIFF", first, second)));
                Assert.True(a.Intersect(b).ToHashSet().SetEquals(Get("SINTER", first, second)));
                Assert.True(a.Union(b).ToHashSet().SetEquals(Get("SUNION", first, second)));
                Assert.Equal(a.Intersect(b).Count(), client.Call("SINTERCARD", "2", first, second).Number);
                Assert.Equal(Math.Min(3, a.Intersect(b).Count()), client.Call("SINTERCARD", "2", first, second, "LIMIT", "3").Number);
            }
        }

        string[] all = [.. sets.Keys, .. sets.Keys];
        Assert.True(sets.Values.SelectMany(set => set).ToHashSet().SetEquals(Get(["SUNION", .. all])));

        List<string> Get(params string[] command)
        {
            var items = client.Call(command).Items.Select(item => item.Text!).ToList();
            Assert.Equal(items.Count, items.Distinct().Count());
            return items;
        }
    }

    [Fact]
    public async Task A_large_set_that_is_deleted_is_freed_in_the_background()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        for (var i = 0; i < 20; i++) client.Call(["SADD", "s", .. Enumerable.Range(i * 10_000, 10_000).Select(n => "member" + Text(n))]);
        Assert.Equal(200_000, client.Call("SCARD", "s").Number);
        Assert.Equal(1, client.Call("UNLINK", "s").Number);
        Assert.Equal(0, client.Call("EXISTS", "s").Number);
        var deadline = TimeProvider.System.GetUtcNow().AddMinutes(1);
        while (server.Node.Keyspace.UsedBytes > 1_000_000) Assert.True(TimeProvider.System.GetUtcNow() < deadline);
    }

    private static IEnumerable<string> Members(int count, bool isText) =>
        Enumerable.Range(0, count).Select(i => isText ? "member" + Text(i) : Text(i));

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
