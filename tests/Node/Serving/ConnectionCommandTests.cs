namespace Starling.Node.Tests.Serving;

public sealed class ConnectionCommandTests
{
    [Fact]
    public async Task Ping_echo_select_and_quit_answer_as_Redis()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("PONG", await client.TextAsync("PING"));
        Assert.Equal("hi", await client.TextAsync("ping", "hi"));
        Assert.Equal("(error) ERR wrong number of arguments for 'ping' command", await client.TextAsync("PING", "a", "b"));
        Assert.Equal("x y", await client.TextAsync("eChO", "x y"));
        Assert.Equal("OK", await client.TextAsync("SELECT", "15"));
        Assert.Equal("(error) ERR DB index is out of range", await client.TextAsync("SELECT", "16"));
        Assert.Equal("(error) ERR value is not an integer or out of range", await client.TextAsync("SELECT", "x"));
        Assert.Equal(
            "(error) ERR unknown command 'foo', with args beginning with: 'a' 'b' ", await client.TextAsync("foo", "a", "b"));
        Assert.Equal("(error) ERR unknown subcommand 'x'. Try CLIENT HELP.", await client.TextAsync("client", "x"));
        Assert.Equal("OK", await client.TextAsync("QUIT"));
        await client.WaitForCloseAsync();
    }

    [Fact]
    public async Task Hello_switches_the_protocol_and_describes_the_server()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var two = await client.CallAsync("HELLO");
        Assert.Equal(Resp.RespKind.Array, two.Kind);
        var three = await client.CallAsync("HELLO", "3", "SETNAME", "me");
        Assert.Equal(Resp.RespKind.Map, three.Kind);
        Assert.Equal("me", await client.TextAsync("CLIENT", "GETNAME"));
        Assert.Equal("(error) NOPROTO unsupported protocol version", await client.TextAsync("HELLO", "4"));
        Assert.Equal("(error) ERR Syntax error in HELLO option 'foo'", await client.TextAsync("HELLO", "3", "foo"));
        Assert.Equal("RESET", await client.TextAsync("RESET"));
        Assert.Equal("(nil)", await client.TextAsync("CLIENT", "GETNAME"));
    }

    [Theory]
    [InlineData("ERR unknown subcommand or wrong number of arguments for 'pause'. Try CLIENT HELP.", "CLIENT", "pause", "1", "all", "x")]
    [InlineData("ERR unknown subcommand or wrong number of arguments for 'unblock'. Try CLIENT HELP.", "CLIENT", "unblock", "1", "error", "x")]
    [InlineData("ERR Syntax error in HELLO option 'a'", "HELLO", "3", "a\0b")]
    [InlineData("ERR Unknown client type 'a'", "CLIENT", "KILL", "TYPE", "a\0b")]
    [InlineData("ERR Unknown option or number of arguments for CONFIG SET - 'a'", "CONFIG", "SET", "a\0b", "x")]
    [InlineData("ERR Unsupported option a  b", "EXPIRE", "k", "1", "a\r\nb\r\n")]
    public async Task What_a_client_sent_wrongly_is_quoted_as_by_redis(string expected, params string[] arguments)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("(error) " + expected, await client.TextAsync(arguments));
    }

    [Theory]
    [InlineData("slave-read-only", "x", "argument must be 'yes' or 'no'")]
    [InlineData("Replica-Read-Only", "x", "argument must be 'yes' or 'no'")]
    [InlineData("hash-max-ziplist-value", "-1", "argument must be a memory value")]
    [InlineData("repl-backlog-size", "", "argument must be between 1 and 9223372036854775807 inclusive")]
    [InlineData("repl-backlog-size", "99999999999999999999", "argument must be between 1 and 9223372036854775807 inclusive")]
    [InlineData("proc-title-template", "", "template format is invalid or contains unknown variables")]
    public async Task A_setting_that_is_refused_is_named_as_the_client_named_it(string directive, string value, string reason)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal(
            $"(error) ERR CONFIG SET failed (possibly related to argument '{directive.ToLowerInvariant()}') - {reason}",
            await client.TextAsync("CONFIG", "SET", directive, value));
    }

    [Fact]
    public async Task A_backlog_is_at_least_as_long_as_in_redis()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("CONFIG", "SET", "repl-backlog-size", "100"));
        Assert.Equal("[repl-backlog-size, 16384]", await client.TextAsync("CONFIG", "GET", "repl-backlog-size"));
    }

    [Fact]
    public async Task Nothing_runs_before_the_password_is_given()
    {
        await using var server = TestServer.Start(config => config.RequirePass = "secret");
        var client = await server.ConnectAsync();
        Assert.Equal("(error) NOAUTH Authentication required.", await client.TextAsync("PING"));
        Assert.StartsWith("(error) NOAUTH HELLO must be called", await client.TextAsync("HELLO", "3"), StringComparison.Ordinal);
        Assert.StartsWith("(error) WRONGPASS", await client.TextAsync("AUTH", "wrong"), StringComparison.Ordinal);
        Assert.StartsWith("(error) WRONGPASS", await client.TextAsync("AUTH", "other", "secret"), StringComparison.Ordinal);
        Assert.Equal("OK", await client.TextAsync("AUTH", "default", "secret"));
        Assert.Equal("PONG", await client.TextAsync("PING"));
    }
}
