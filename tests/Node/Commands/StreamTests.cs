namespace Starling.Node.Tests.Commands;

/// <summary>What the commands on streams answer, where no older redis-server can be asked.</summary>
public sealed class StreamTests
{
    [Fact]
    public async Task Entries_get_rising_ids_of_the_clock()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var first = (await client.TextAsync("XADD", "s", "*", "a", "1")).Split('-');
        Assert.InRange(long.Parse(first[0], null), TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 60_000, long.MaxValue);
        await client.CallAsync("XADD", "s", "99999999999999-5", "a", "2");
        Assert.Equal("99999999999999-6", await client.TextAsync("XADD", "s", "*", "a", "3"));
        Assert.Equal("99999999999999-7", await client.TextAsync("XADD", "s", "99999999999999-*", "a", "4"));
        Assert.Equal("(integer) 4", await client.TextAsync("XLEN", "s"));
        await client.CallAsync("XADD", "s", "18446744073709551615-18446744073709551615", "a", "5");
        Assert.Equal(
            "(error) ERR The stream has exhausted the last possible ID, unable to add more items",
            await client.TextAsync("XADD", "s", "*", "a", "6"));
    }

    [Fact]
    public async Task A_stream_that_is_named_twice_is_answered_as_often_as_it_has_entries()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        foreach (var protocol in new[] { "2", "3" })
        {
            await client.CallAsync("HELLO", protocol);
            await client.CallAsync("DEL", "s");
            for (var i = 1; i < 4; i++) await client.CallAsync("XADD", "s", $"{i}-0", "n", $"{i}");
            await client.CallAsync("XGROUP", "CREATE", "s", "g", "0");
            var twice = await client.TextAsync("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "s", "s", ">", ">");
            Assert.Contains("2-0", twice, StringComparison.Ordinal);
            Assert.Contains("3-0", twice, StringComparison.Ordinal);
            await client.CallAsync("XADD", "s", "4-0", "n", "4");
            var once = await client.TextAsync("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "s", ">", ">");
            Assert.Contains("4-0", once, StringComparison.Ordinal);
            Assert.Equal("PONG", await client.TextAsync("PING"));
        }
    }

    [Theory]
    [InlineData("3")] // the node is full
    [InlineData("100")] // there would be room in it
    public async Task Deleted_entries_are_not_in_the_way_of_ids_that_begin_anew(string nodeEntries)
    {
        await using var server = TestServer.Start(config => config.EnableDebugCommand = "yes");
        var client = await server.ConnectAsync();
        await client.CallAsync("CONFIG", "SET", "stream-node-max-entries", nodeEntries);
        for (var i = 1; i < 4; i++) await client.CallAsync("XADD", "s", $"1-{i}", "n", $"{i}");
        await client.CallAsync("XDEL", "s", "1-3");
        Assert.Equal("(integer) 2", await client.TextAsync("XTRIM", "s", "MINID", "1-3"));
        Assert.Equal("OK", await client.TextAsync("XSETID", "s", "1-3", "ENTRIESADDED", "3", "MAXDELETEDID", "0-1"));
        Assert.Equal("OK", await client.TextAsync("XSETID", "s", "0-1"));
        Assert.Equal("0-2", await client.TextAsync("XADD", "s", "0-2", "n", "4"));
        Assert.Equal("1-1", await client.TextAsync("XADD", "s", "1-1", "n", "5"));
        Assert.Equal("[0-2, 1-1]", Ids(await client.TextAsync("XRANGE", "s", "-", "+")));
        Assert.Equal("[1-1, 0-2]", Ids(await client.TextAsync("XREVRANGE", "s", "1-1", "0-2")));
        Assert.Equal("OK", await client.TextAsync("DEBUG", "RELOAD"));
        Assert.Equal("(integer) 1", await client.TextAsync("XDEL", "s", "0-2"));
        Assert.Equal("[1-1]", Ids(await client.TextAsync("XRANGE", "s", "-", "+")));
    }

    [Fact]
    public async Task A_plus_reads_the_last_entry()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("(nil)", await client.TextAsync("XREAD", "STREAMS", "s", "+"));
        for (var i = 1; i < 4; i++) await client.CallAsync("XADD", "s", $"{i}-0", "n", $"{i}");
        Assert.Equal("[[s, [[3-0, [n, 3]]]]]", await client.TextAsync("XREAD", "COUNT", "10", "STREAMS", "s", "+"));
        await client.CallAsync("XDEL", "s", "3-0");
        Assert.Equal("[[s, [[2-0, [n, 2]]]]]", await client.TextAsync("XREAD", "STREAMS", "s", "+"));
        Assert.Equal("[1-0, 2-0]", Ids(await client.TextAsync("XRANGE", "s", "-", "+")));
        Assert.Equal("[2-0, 1-0]", Ids(await client.TextAsync("XREVRANGE", "s", "+", "-")));
    }

    [Fact]
    public async Task Groups_tell_how_far_they_have_read()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        for (var i = 1; i < 6; i++) await client.CallAsync("XADD", "s", $"{i}-0", "n", $"{i}");
        Assert.Equal("OK", await client.TextAsync("XGROUP", "CREATE", "s", "g", "0"));
        Assert.Equal("(integer) 1", await client.TextAsync("XGROUP", "CREATECONSUMER", "s", "g", "c"));
        Assert.Equal("(integer) 0", await client.TextAsync("XGROUP", "CREATECONSUMER", "s", "g", "c"));
        await client.CallAsync("XREADGROUP", "GROUP", "g", "c", "COUNT", "2", "STREAMS", "s", ">");
        Assert.Equal(
            "[[name, g, consumers, (integer) 1, pending, (integer) 2, last-delivered-id, 2-0, entries-read, (integer) 2, lag, (integer) 3]]",
            await client.TextAsync("XINFO", "GROUPS", "s"));
        await client.CallAsync("XDEL", "s", "4-0");
        Assert.Contains("lag, (nil)", await client.TextAsync("XINFO", "GROUPS", "s"), StringComparison.Ordinal);
        await client.CallAsync("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
        Assert.Contains("entries-read, (integer) 5, lag, (integer) 0", await client.TextAsync("XINFO", "GROUPS", "s"), StringComparison.Ordinal);
        Assert.Contains("inactive", await client.TextAsync("XINFO", "CONSUMERS", "s", "g"), StringComparison.Ordinal);
        Assert.Contains("active-time", await client.TextAsync("XINFO", "STREAM", "s", "FULL"), StringComparison.Ordinal);
        Assert.Equal("OK", await client.TextAsync("XGROUP", "SETID", "s", "g", "$", "ENTRIESREAD", "5"));
        Assert.Equal("(integer) 4", await client.TextAsync("XGROUP", "DELCONSUMER", "s", "g", "c"));
        Assert.Equal("(integer) 1", await client.TextAsync("XGROUP", "DESTROY", "s", "g"));
        Assert.StartsWith("[XGROUP <subcommand>", await client.TextAsync("XGROUP", "HELP"), StringComparison.Ordinal);
        Assert.StartsWith("[XINFO <subcommand>", await client.TextAsync("XINFO", "HELP"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_consumer_comes_to_be_when_it_asks_though_there_is_nothing()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        Assert.Equal("(nil)", await client.TextAsync("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"));
        Assert.Equal("(integer) 0", await client.TextAsync("XGROUP", "CREATECONSUMER", "s", "g", "c"));
        Assert.Contains("inactive, (integer) -1", await client.TextAsync("XINFO", "CONSUMERS", "s", "g"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_id_cannot_be_set_below_what_was_deleted()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("XADD", "s", "1-0", "a", "1");
        await client.CallAsync("XADD", "s", "5-0", "a", "1");
        await client.CallAsync("XDEL", "s", "5-0");
        Assert.Equal(
            "(error) ERR The ID specified in XSETID is smaller than current max_deleted_entry_id",
            await client.TextAsync("XSETID", "s", "3-0"));
        Assert.Equal("OK", await client.TextAsync("XSETID", "s", "7-0", "ENTRIESADDED", "9", "MAXDELETEDID", "6-0"));
        Assert.Contains("max-deleted-entry-id, 6-0, entries-added, (integer) 9", await client.TextAsync("XINFO", "STREAM", "s"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deleting_may_take_references_along_or_spare_what_is_not_acknowledged()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        for (var i = 1; i < 7; i++) await client.CallAsync("XADD", "s", $"{i}-0", "n", $"{i}");
        foreach (var group in new[] { "g", "h" })
        {
            await client.CallAsync("XGROUP", "CREATE", "s", group, "0");
            await client.CallAsync("XREADGROUP", "GROUP", group, "c", "STREAMS", "s", ">");
        }

        Assert.Equal("[(integer) 1, (integer) -1]", await client.TextAsync("XDELEX", "s", "IDS", "2", "1-0", "99-0"));
        Assert.Equal("[(integer) 2]", await client.TextAsync("XDELEX", "s", "ACKED", "IDS", "1", "2-0"));
        Assert.Equal("[(integer) 1]", await client.TextAsync("XDELEX", "s", "IDS", "1", "3-0", "DELREF"));
        Assert.Equal("[1-0, 2-0, 4-0, 5-0, 6-0]", Ids(await client.TextAsync("XPENDING", "s", "g", "-", "+", "10")));
        Assert.Equal("[(integer) 2, (integer) -1]", await client.TextAsync("XACKDEL", "s", "g", "ACKED", "IDS", "2", "2-0", "3-0"));
        Assert.Equal("[(integer) 1]", await client.TextAsync("XACKDEL", "s", "h", "ACKED", "IDS", "1", "2-0"));
        Assert.Equal("[4-0, 5-0, 6-0]", Ids(await client.TextAsync("XRANGE", "s", "-", "+")));
        Assert.Equal("(integer) 0", await client.TextAsync("XTRIM", "s", "MAXLEN", "1", "ACKED"));
        await client.CallAsync("XACK", "s", "g", "5-0");
        await client.CallAsync("XACK", "s", "h", "5-0");
        Assert.Equal("(integer) 1", await client.TextAsync("XTRIM", "s", "ACKED", "MAXLEN", "1"));
        Assert.Equal("(integer) 1", await client.TextAsync("XTRIM", "s", "DELREF", "MINID", "6"));
        Assert.Equal("[1-0, 6-0]", Ids(await client.TextAsync("XPENDING", "s", "g", "-", "+", "10")));
        Assert.Equal("[(integer) -1]", await client.TextAsync("XACKDEL", "absent", "g", "IDS", "1", "1-0"));
        Assert.Equal("(error) ERR syntax error", await client.TextAsync("XDELEX", "s", "BOGUS", "IDS", "1", "1-0"));
    }

    [Fact]
    public async Task A_history_names_what_was_deleted_without_fields()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        for (var i = 1; i < 3; i++) await client.CallAsync("XADD", "s", $"{i}-0", "n", $"{i}");
        await client.CallAsync("XGROUP", "CREATE", "s", "g", "0");
        await client.CallAsync("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
        await client.CallAsync("XDEL", "s", "1-0");
        Assert.Equal("[[s, [[1-0, (nil)], [2-0, [n, 2]]]]]", await client.TextAsync("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "0"));
        Assert.Equal("[0-0, [[2-0, [n, 2]]], [1-0]]", await client.TextAsync("XAUTOCLAIM", "s", "g", "d", "0", "-"));
        Assert.Equal("[[2-0, [n, 2]]]", await client.TextAsync("XCLAIM", "s", "g", "c", "0", "2-0"));
    }

    [Fact]
    public async Task Changes_of_streams_are_told_and_what_groups_keep_is_not()
    {
        var events = new System.Collections.Concurrent.ConcurrentQueue<string>();
        await using var server = TestServer.Start(
            config => config.NotifyKeyspaceEvents = "KEA",
            prepare: node => node.KeyEvents.ListenWith(recorded => events.Enqueue(recorded.Event.Name)));
        var client = await server.ConnectAsync();
        string[] commands =
        [
            "XADD s 1-0 a 1", "XADD s MAXLEN 1 2-0 a 1", "XGROUP CREATE s g 0", "XREADGROUP GROUP g c STREAMS s >", "XACK s g 2-0",
            "XGROUP CREATECONSUMER s g d", "XGROUP DELCONSUMER s g d", "XGROUP SETID s g 0", "XDEL s 2-0", "XSETID s 3-0",
            "XADD s 4-0 a 1", "XTRIM s MAXLEN 0", "XGROUP DESTROY s g",
        ];
        foreach (var command in commands) await client.CallAsync(command.Split(' '));
        Assert.Equal(
            "xadd xadd xtrim xgroup-create xgroup-createconsumer xgroup-createconsumer xgroup-delconsumer xgroup-setid xdel xsetid xadd "
            + "xtrim xgroup-destroy",
            string.Join(' ', events));
    }

    /// <summary>The ids of a reply with entries.</summary>
    private static string Ids(string reply) =>
        "[" + string.Join(", ", System.Text.RegularExpressions.Regex.Matches(reply, @"\[(\d+-\d+),").Select(match => match.Groups[1].Value)) + "]";
}
