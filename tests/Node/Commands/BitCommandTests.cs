using Starling.Node.Execution;

namespace Starling.Node.Tests.Commands;

/// <summary>What of bitmaps and bit fields redis-server 7.0 cannot be asked about.</summary>
public sealed class BitCommandTests
{
    [Theory]
    [InlineData("DIFF", "x y z", "\u0080\0")]
    [InlineData("diff1", "x y z", "\u0002\x0001")]
    [InlineData("ANDOR", "x y z", "\u0070\0")]
    [InlineData("ONE", "x y z", "\u0082\x0001")]
    [InlineData("ONE", "x", "\u00f0")]
    [InlineData("DIFF", "x nothing", "\u00f0")]
    [InlineData("ANDOR", "x nothing", "\0")]
    [InlineData("DIFF1", "nothing x", "\u00f0")]
    public async Task The_operations_of_redis_8_combine_strings(string operation, string sources, string expected)
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.CallAll([["SET", "x", "\u00f0"], ["SET", "y", "\u0052\x0001"], ["SET", "z", "\u0070"]]);
        client.Call(["BITOP", operation, "result", .. sources.Split(' ')]);
        Assert.Equal(expected, client.Call("GET", "result").Text);
    }

    [Theory]
    [InlineData("DIFF")]
    [InlineData("DIFF1")]
    [InlineData("andor")]
    public async Task A_difference_needs_two_sources(string operation)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal(
            $"(error) ERR BITOP {operation.ToUpperInvariant()} must be called with at least two source keys.",
            await client.TextAsync("BITOP", operation, "result", "x"));
    }

    [Fact]
    public async Task A_result_may_be_one_of_its_sources_of_any_length()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        var longer = new string('\u00aa', 20_000);
        client.CallAll([["SET", "a", "\u000f"], ["EXPIRE", "a", "100"], ["SET", "b", longer], ["BITOP", "XOR", "a", "b", "a", "nothing"]]);
        Assert.Equal("\u00a5" + longer[1..], client.Call("GET", "a").Text);
        Assert.Equal(-1, client.Call("TTL", "a").Number);
    }

    [Fact]
    public async Task Bits_beyond_the_longest_string_are_out_of_range()
    {
        await using var server = TestServer.Start(config => config.ProtoMaxBulkLen = 1 << 20);
        var client = await server.ConnectAsync();
        const string OutOfRange = "(error) ERR bit offset is not an integer or out of range";
        Assert.Equal("(integer) 0", await client.TextAsync("SETBIT", "k", "8388607", "1"));
        Assert.Equal(OutOfRange, await client.TextAsync("SETBIT", "k", "8388608", "1"));
        Assert.Equal(OutOfRange, await client.TextAsync("GETBIT", "k", "8388608"));
        Assert.Equal(OutOfRange, await client.TextAsync("BITFIELD", "k", "GET", "u8", "#1048576"));
        Assert.Equal(OutOfRange, await client.TextAsync("BITFIELD", "k", "GET", "u8", "#9223372036854775807"));
        Assert.Equal("[(integer) 1]", await client.TextAsync("BITFIELD", "k", "GET", "u8", "#1048575"));
    }

    [Fact]
    public async Task A_string_of_half_a_gibibyte_has_its_last_bit()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("(integer) 0", await client.TextAsync("SETBIT", "k", "4294967295", "1"));
        Assert.Equal("(integer) 536870912", await client.TextAsync("STRLEN", "k"));
        Assert.Equal("(integer) 1", await client.TextAsync("BITCOUNT", "k"));
        Assert.Equal("(integer) 4294967295", await client.TextAsync("BITPOS", "k", "1"));
        Assert.Equal("(integer) 4294967295", await client.TextAsync("BITPOS", "k", "1", "-1", "-1", "BIT"));
        Assert.Equal("[(integer) 1]", await client.TextAsync("BITFIELD", "k", "GET", "u63", "4294967233"));
        Assert.Equal("(integer) 536870912", await client.TextAsync("BITOP", "NOT", "k", "k"));
        Assert.Equal("(integer) 4294967295", await client.TextAsync("BITCOUNT", "k"));
        Assert.Equal("(integer) 4294967295", await client.TextAsync("BITPOS", "k", "0"));
    }

    [Fact]
    public async Task Wrong_arguments_are_errors_though_the_key_is_not_there()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("(error) ERR value is not an integer or out of range", await client.TextAsync("BITCOUNT", "absent", "a", "b"));
        Assert.Equal("(error) ERR syntax error", await client.TextAsync("BITCOUNT", "absent", "0"));
        Assert.Equal("(error) ERR value is not an integer or out of range", await client.TextAsync("BITPOS", "absent", "0", "a"));
        Assert.Equal("(error) ERR syntax error", await client.TextAsync("BITPOS", "absent", "0", "0", "0", "hello"));
    }

    [Fact]
    public async Task Changed_bits_raise_setbit_and_unchanged_ones_nothing()
    {
        var events = new List<string>();
        await using var server = TestServer.Start(
            config => config.NotifyKeyspaceEvents = "KEA",
            prepare: node => node.KeyEvents.ListenWith(recorded => events.Add(recorded.Event.ToString())));
        var client = await server.ConnectAsync();
        await client.CallAsync("SETBIT", "k", "7", "1");
        await client.CallAsync("SETBIT", "k", "7", "1");
        await client.CallAsync("BITFIELD", "k", "SET", "u8", "0", "1");
        await client.CallAsync("BITFIELD", "k", "SET", "u8", "0", "2", "GET", "u8", "0");
        await client.CallAsync("BITOP", "NOT", "other", "k");
        await client.CallAsync("BITOP", "AND", "other", "absent");
        await client.CallAsync("PFADD", "h", "a");
        await client.CallAsync("PFADD", "h", "a");
        await client.CallAsync("PFCOUNT", "h");
        await client.CallAsync("PFMERGE", "h", "absent");
        Assert.Equal(["setbit", "setbit", "set", "del", "pfadd", "pfadd"], events);
    }

    [Fact]
    public async Task A_field_that_fails_to_fit_may_still_make_the_string_longer_on_replicas_too()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var before = (await client.TextAsync("INFO", "persistence")).Split("rdb_changes_since_last_save:")[1].Split('\r')[0];
        Assert.Equal("[(nil)]", await client.TextAsync("BITFIELD", "k", "OVERFLOW", "FAIL", "INCRBY", "u2", "0", "9"));
        Assert.Equal("(integer) 1", await client.TextAsync("STRLEN", "k"));
        var after = (await client.TextAsync("INFO", "persistence")).Split("rdb_changes_since_last_save:")[1].Split('\r')[0];
        Assert.NotEqual(before, after);
    }
}
