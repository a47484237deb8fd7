using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Starling.Node.Config;

namespace Starling.Node.Tests.Serving;

public sealed class ClientTests
{
    [Fact]
    public async Task Client_list_has_the_fields_of_Redis_in_their_order()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("CLIENT", "SETNAME", "me");
        await client.CallAsync("CLIENT", "SETINFO", "LIB-NAME", "lib");
        await client.CallAsync("CLIENT", "SETINFO", "LIB-VER", "1.2");
        var line = (await client.CallAsync("CLIENT", "LIST")).Text!;
        Assert.Matches(
            new Regex(@"^id=\d+ addr=127\.0\.0\.1:\d+ laddr=127\.0\.0\.1:\d+ fd=\d+ name=me age=\d+ idle=\d+ flags=N db=0 sub=0 psub=0 ssub=0 "
                + @"multi=-1 watch=0 qbuf=\d+ qbuf-free=\d+ argv-mem=\d+ multi-mem=0 rbs=\d+ rbp=\d+ obl=0 oll=0 omem=0 tot-mem=\d+ "
                + @"events=r cmd=client\|list user=default redir=-1 resp=2 lib-name=lib lib-ver=1\.2\n$", RegexOptions.ExplicitCapture),
            line);
    }

    [Fact]
    public async Task Client_list_counts_the_keys_that_a_client_watches()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        await client.CallAsync("WATCH", "a", "b", "a");
        Assert.Contains(" watch=2 ", await client.TextAsync("CLIENT", "INFO"), StringComparison.Ordinal);
        Assert.Contains(" watch=0 ", await other.TextAsync("CLIENT", "INFO"), StringComparison.Ordinal);
        await client.CallAsync("UNWATCH");
        Assert.Contains(" watch=0 ", await client.TextAsync("CLIENT", "INFO"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_kill_closes_those_that_match()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var victim = await server.ConnectAsync();
        var id = (await victim.CallAsync("CLIENT", "ID")).Text!;
        Assert.Equal("(integer) 1", await client.TextAsync("CLIENT", "KILL", "ID", id));
        await victim.WaitForCloseAsync();
        Assert.Equal("(integer) 0", await client.TextAsync("CLIENT", "KILL", "ID", id));
        Assert.Equal("(error) ERR No such client", await client.TextAsync("CLIENT", "KILL", "1.1.1.1:1"));
        Assert.Equal("(integer) 1", await client.TextAsync("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"));
        await client.WaitForCloseAsync();
    }

    [Fact]
    public async Task A_pause_holds_back_commands_and_keeps_their_order()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var paused = await server.ConnectAsync();
        await client.CallAsync("CLIENT", "PAUSE", "100000", "WRITE");
        await paused.SendAsync("SET a 1\r\nGET a\r\nSET a 2\r\n");
        Assert.Equal("(nil)", await client.TextAsync("GET", "a"));
        await Eventually.True(() => server.Node.Clients.Snapshot().Any(c => c.IsHeld));
        await paused.SendAsync("GET a\r\nECHO " + new string('x', 60_000) + "\r\n");
        Assert.Equal("(nil)", await client.TextAsync("GET", "a"));
        await client.CallAsync("CLIENT", "UNPAUSE");
        Assert.Equal("OK", (await paused.ReadAsync()).Text);
        Assert.Equal("1", (await paused.ReadAsync()).Text);
        Assert.Equal("OK", (await paused.ReadAsync()).Text);
        Assert.Equal("2", (await paused.ReadAsync()).Text);
        Assert.Equal(60_000, (await paused.ReadAsync()).Bytes.Length);
    }

    [Fact]
    public async Task A_pause_ends_by_itself()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("CLIENT", "PAUSE", "50");
        Assert.Equal("PONG", await client.TextAsync("PING"));
    }

    [Fact]
    public async Task A_client_that_leaves_while_paused_is_forgotten()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var paused = await server.ConnectAsync();
        await client.CallAsync("CLIENT", "PAUSE", "100000", "WRITE");
        await paused.SendAsync("SET a 1\r\n");
        await Eventually.True(() => server.Node.Clients.Snapshot().Any(c => c.IsHeld));
        paused.Dispose();
        await Eventually.True(() => server.Node.Clients.Count == 1);
        await client.CallAsync("CLIENT", "UNPAUSE");
        Assert.Equal("(nil)", await client.TextAsync("GET", "a"));
    }

    [Fact]
    public async Task Replies_can_be_switched_off_and_skipped()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.SendAsync("CLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\nECHO a\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO b\r\n");
        Assert.Equal("OK", (await client.ReadAsync()).Text);
        Assert.Equal("a", (await client.ReadAsync()).Text);
        Assert.Equal("b", (await client.ReadAsync()).Text);
    }

    [Fact]
    public async Task One_client_too_many_is_told_so()
    {
        await using var server = TestServer.Start(config => config.MaxClients = 2);
        var first = await server.ConnectAsync();
        var second = await server.ConnectAsync();
        await first.CallAsync("PING");
        await second.CallAsync("PING");
        using var third = await TestClient.ConnectAsync(server.Port);
        Assert.Equal("ERR max number of clients reached", (await third.ReadAsync()).Text);
        await third.WaitForCloseAsync();
        Assert.Equal(1, server.Node.Stats.RejectedConnections);
        second.Dispose();
        await Eventually.True(() => server.Node.Clients.Count == 1);
        using var fourth = await TestClient.ConnectAsync(server.Port);
        Assert.Equal("PONG", await fourth.TextAsync("PING"));
    }

    [Fact]
    public async Task An_idle_client_is_closed_after_the_timeout()
    {
        await using var server = TestServer.Start(config => config.Timeout = 1);
        var client = await server.ConnectAsync();
        await client.CallAsync("PING");
        await client.WaitForCloseAsync();
    }

    [Fact]
    public async Task A_client_that_does_not_read_is_closed_at_the_hard_limit_and_blocks_nobody()
    {
        await using var server = TestServer.Start(config => config.NormalOutputBufferLimit = new OutputBufferLimit(4_000_000, 0, 0));
        var slow = await server.ConnectAsync();
        var quick = await server.ConnectAsync();
        await quick.CallAsync("SET", "big", new string('x', 1_000_000));
        var id = long.Parse((await slow.CallAsync("CLIENT", "ID")).Text!, System.Globalization.CultureInfo.InvariantCulture);
        var gets = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("GET big\r\n", 100)));
        await slow.SendAsync(gets);
        Assert.Equal("PONG", await quick.TextAsync("PING"));
        await Eventually.True(() => server.Node.Clients.Find(id) is null);
        Assert.Equal(1, server.Node.Stats.OutputLimitDisconnections);
        Assert.Equal("PONG", await quick.TextAsync("PING"));
    }

    [Fact]
    public async Task A_client_over_the_soft_limit_for_too_long_is_closed()
    {
        await using var server = TestServer.Start(
            config => config.NormalOutputBufferLimit = new OutputBufferLimit(0, 1_000_000, 1));
        var slow = await server.ConnectAsync();
        await slow.CallAsync("SET", "big", new string('x', 1_000_000));
        await slow.SendAsync(string.Concat(Enumerable.Repeat("GET big\r\n", 50)));
        await Eventually.True(() => server.Node.Clients.Count == 0);
    }

    [Fact]
    public async Task The_unix_socket_serves_with_its_permissions()
    {
        var path = Path.Combine(Path.GetTempPath(), $"starling-{Environment.ProcessId}-{Guid.NewGuid():N}.sock");
        await using var server = TestServer.Start(config =>
        {
            config.UnixSocket = path;
            config.UnixSocketPerm = 0b111_000_000;
        });
        Assert.Equal((UnixFileMode)0b111_000_000, File.GetUnixFileMode(path));
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await socket.SendAsync("CLIENT LIST\r\n"u8.ToArray());
        var buffer = new byte[4096];
        var count = await socket.ReceiveAsync(buffer);
        Assert.Contains($"addr={path}:0 laddr={path}:0", Encoding.ASCII.GetString(buffer, 0, count), StringComparison.Ordinal);
        Assert.Contains(" flags=U ", Encoding.ASCII.GetString(buffer, 0, count), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_reported_as_by_Redis()
    {
        await using var server = TestServer.Start();
        var (error, log) = FailToListen("127.0.0.1", server.Port);
        Assert.Equal($"Failed listening on port {server.Port} (tcp), aborting.", error);
        Assert.Equal(
            $"Warning: Could not create server TCP listening socket 127.0.0.1:{server.Port}: bind: Address already in use", log);
    }

    [Fact]
    public async Task A_missing_address_is_skipped_only_when_it_may_be()
    {
        await using var server = TestServer.Start(config => config.Bind = ["127.0.0.1", "-192.0.2.1"]);
        var client = await server.ConnectAsync();
        Assert.Equal("PONG", await client.TextAsync("PING"));
        var (_, log) = FailToListen("192.0.2.1", server.Port);
        Assert.EndsWith("bind: Cannot assign requested address", log, StringComparison.Ordinal);
    }

    private static (string Error, string Log) FailToListen(string address, int port)
    {
        using var log = new LogCapture();
        var server = new NodeServer(new ServerConfig { Bind = [address], Port = port }, log, TimeProvider.System);
        var error = Assert.Throws<ServerStartException>(() => server.Listener.Bind());
        return (error.Message, Assert.Single(log.Lines));
    }
}
