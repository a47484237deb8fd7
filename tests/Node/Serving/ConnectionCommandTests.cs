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
