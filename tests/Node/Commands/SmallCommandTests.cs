namespace Starling.Node.Tests.Commands;

/// <summary>Commands that no other test is about.</summary>
public sealed class SmallCommandTests
{
    [Theory]
    [InlineData("NO-EVICT", "ON", "OK")]
    [InlineData("NO-EVICT", "off", "OK")]
    [InlineData("NO-EVICT", "maybe", "(error) ERR syntax error")]
    [InlineData("NO-TOUCH", "ON", "OK")]
    [InlineData("NO-TOUCH", "maybe", "(error) ERR syntax error")]
    public async Task Client_modes_take_on_and_off(string mode, string value, string expected)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal(expected, await client.TextAsync("CLIENT", mode, value));
    }

    [Fact]
    public async Task A_client_that_does_not_touch_leaves_the_idle_time_alone()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var server = TestServer.Start(clock: clock);
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "k", "v");
        clock.Advance(TimeSpan.FromSeconds(50));
        await client.CallAsync("CLIENT", "NO-TOUCH", "ON");
        await client.CallAsync("GET", "k");
        Assert.Equal("(integer) 50", await client.TextAsync("OBJECT", "IDLETIME", "k"));
        await client.CallAsync("CLIENT", "NO-TOUCH", "OFF");
        await client.CallAsync("GET", "k");
        Assert.Equal("(integer) 0", await client.TextAsync("OBJECT", "IDLETIME", "k"));
    }

    [Fact]
    public async Task Command_docs_tells_of_the_named_commands_only()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var docs = await client.CallAsync("COMMAND", "DOCS", "get", "nothing", "client|id");
        Assert.Equal(["get", "client|id"], docs.Elements.Where((_, i) => i % 2 == 0).Select(name => name.Text!));
    }

    [Theory]
    [InlineData("SET a b", "[[a, [OW, update]]]")]
    [InlineData("SET a b GET", "[[a, [RW, access, update]]]")]
    [InlineData("RENAME a b", "[[a, [RW, access, delete]], [b, [OW, update]]]")]
    [InlineData("PING", "(error) ERR The command has no key arguments")]
    [InlineData("NOTHING", "(error) ERR Invalid command specified")]
    public async Task Command_getkeysandflags_tells_what_happens_to_each_key(string command, string expected)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal(expected, await client.TextAsync(["COMMAND", "GETKEYSANDFLAGS", .. command.Split(' ')]));
    }

    [Fact]
    public async Task A_payload_restores_by_the_name_that_migrate_uses()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "k", "v");
        var payload = (await client.CallAsync("DUMP", "k")).Bytes;
        var writer = new Starling.Resp.RespWriter();
        writer.Array(4);
        writer.Bulk("RESTORE-ASKING");
        writer.Bulk("copy");
        writer.Bulk("0");
        writer.Bulk(payload);
        await client.SendAsync(writer.ToArray());
        Assert.Equal("OK", (await client.ReadAsync()).Text);
        Assert.Equal("v", await client.TextAsync("GET", "copy"));
    }

    [Fact]
    public async Task The_shard_id_is_refused_without_a_cluster()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("(error) ERR This instance has cluster support disabled", await client.TextAsync("CLUSTER", "MYSHARDID"));
    }
}
