using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Starling.Node.Config;
using Starling.Node.Tests.Commands;
using Starling.Node.Tests.Persistence;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Cluster;

public sealed class MigrateTests
{
    [Fact]
    public async Task Keys_move_with_value_and_expiry()
    {
        await using var source = TestServer.Start();
        await using var target = Target(source);
        using var here = new RawConnection(source.Port);
        using var there = new RawConnection(target.Port);
        here.Call("SET", "a", "value");
        here.Call("SET", "b", "12345", "PX", "1000000");
        here.Call("SET", "c", new string('x', 300_000));

        Assert.Equal("OK", Migrate(here, target.Port, "", "KEYS", "a", "missing", "b", "c").Text);

        Assert.Equal(0, here.Call("DBSIZE").Number);
        Assert.Equal("value", there.Call("GET", "a").Text);
        Assert.Equal(-1, there.Call("PTTL", "a").Number);
        Assert.InRange(there.Call("PTTL", "b").Number, 900_000, 1_000_000);
        Assert.Equal(300_000, there.Call("STRLEN", "c").Number);
    }

    [Fact]
    public async Task A_connection_to_a_target_is_closed_when_it_has_been_idle_for_ten_seconds()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var source = TestServer.Start(clock: clock);
        await using var target = Target(source);
        using var here = new RawConnection(source.Port);
        here.Call("SET", "a", "value");
        Assert.Equal("OK", Migrate(here, target.Port, "a").Text);
        Wait.Until("the connection waits for the next MIGRATE", () => source.Node.Migrations.CachedConnections == 1);
        clock.Advance(TimeSpan.FromSeconds(10.5));
        Wait.Until("the connection is closed", () => source.Node.Migrations.CachedConnections == 0);
    }

    [Fact]
    public async Task Values_longer_than_a_piece_and_many_keys_arrive_whole()
    {
        await using var source = TestServer.Start();
        await using var target = Target(source, config => config.RequirePass = "secret");
        using var here = new RawConnection(source.Port);
        using var there = new RawConnection(target.Port);
        there.Call("AUTH", "secret");
        var random = new Random(7);
        var keys = new List<string>();
        for (var i = 0; i < 400; i++)
        {
            // Hexadecimal, so that compression does not make the long ones short.
            var length = i % 100 == 7 ? 1_500_000 : i % 10 == 3 ? 20_000 : 10;
            keys.Add("k" + i.ToString(System.Globalization.CultureInfo.InvariantCulture));
            here.Call("SET", keys[^1], Convert.ToHexString(Bytes(random, length)));
        }

        var expected = keys.ConvertAll(key => here.Call("GET", key).Text);
        string[] options = ["REPLACE", "AUTH", "secret", "KEYS", .. keys];
        Assert.Equal("OK", Migrate(here, target.Port, "", options).Text);
        Assert.Equal(expected, keys.ConvertAll(key => there.Call("GET", key).Text));
        Assert.Equal(0, here.Call("DBSIZE").Number);
    }

    [Fact]
    public async Task A_target_that_waits_for_its_answers_to_be_read_gets_every_key()
    {
        await using var source = TestServer.Start(config => config.RdbCompression = false);
        using var here = new RawConnection(source.Port);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        string[] keys = ["a", "b", "c", "d"];
        foreach (var key in keys) here.Call("SET", key, Convert.ToHexString(Bytes(new Random(3), 900_000)));
        var migrating = Task.Run(() => Migrate(here, port, "", ["KEYS", .. keys]));
        using var socket = await listener.AcceptSocketAsync();

        // It takes in no more than one command ahead of the answers that were fetched.
        socket.Send("+OK\r\n"u8);
        var buffer = new byte[4 * 1024 * 1024];
        var received = 0L;
        for (var key = 0; key < keys.Length; key++)
        {
            var goal = (key + 1) * 1_800_000L;
            while (received < goal) received += await socket.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, goal - received)));
            socket.Send("+OK\r\n"u8);
        }

        Assert.Equal("OK", (await migrating).Text);
        Assert.Equal(0, here.Call("DBSIZE").Number);
    }

    [Fact]
    public async Task Options_do_what_they_say()
    {
        await using var source = TestServer.Start();
        await using var target = Target(source);
        using var here = new RawConnection(source.Port);
        using var there = new RawConnection(target.Port);
        Assert.Equal("NOKEY", Migrate(here, target.Port, "missing").Text);
        here.Call("SET", "a", "1");
        Assert.Equal("OK", Migrate(here, target.Port, "a", "COPY").Text);
        Assert.Equal("1", here.Call("GET", "a").Text);
        here.Call("SET", "a", "2");
        Assert.Equal(
            "ERR Target instance replied with error: BUSYKEY Target key name already exists.",
            Migrate(here, target.Port, "a").Text);
        Assert.Equal("2", here.Call("GET", "a").Text);
        Assert.Equal("OK", Migrate(here, target.Port, "a", "REPLACE").Text);
        Assert.Equal("2", there.Call("GET", "a").Text);
        Assert.Null(here.Call("GET", "a").Text);
    }

    [Fact]
    public async Task Another_database_is_selected_on_a_connection_that_is_kept()
    {
        await using var source = TestServer.Start();
        await using var target = Target(source);
        using var here = new RawConnection(source.Port);
        using var there = new RawConnection(target.Port);
        foreach (var database in (string[])["0", "3", "3", "0"])
        {
            here.Call("SET", "k" + database, "v");
            string[] command = ["MIGRATE", "127.0.0.1", $"{target.Port}", "k" + database, database, "5000", "REPLACE"];
            Assert.Equal("OK", here.Call(command).Text);
        }

        Assert.Equal("v", there.Call("GET", "k0").Text);
        there.Call("SELECT", "3");
        Assert.Equal("v", there.Call("GET", "k3").Text);
        here.Call("SET", "k", "v");
        Assert.Equal(
            "ERR Target instance replied with error: ERR DB index is out of range",
            here.Call("MIGRATE", "127.0.0.1", $"{target.Port}", "k", "99", "5000").Text);
    }

    [Fact]
    public async Task A_password_is_sent()
    {
        await using var source = TestServer.Start();
        await using var target = Target(source, config => config.RequirePass = "secret");
        using var here = new RawConnection(source.Port);
        here.Call("SET", "a", "1");
        Assert.StartsWith(
            "ERR Target instance replied with error: NOAUTH",
            Migrate(here, target.Port, "a").Text,
            StringComparison.Ordinal);
        Assert.StartsWith(
            "ERR Target instance replied with error: WRONGPASS",
            Migrate(here, target.Port, "a", "AUTH", "wrong").Text,
            StringComparison.Ordinal);
        Assert.Equal("OK", Migrate(here, target.Port, "a", "AUTH2", "default", "secret").Text);
        here.Call("SET", "b", "1");
        Assert.Equal("OK", Migrate(here, target.Port, "", "AUTH", "secret", "KEYS", "b").Text);
    }

    [Theory]
    [InlineData("ERR syntax error", "a", "0", "1000", "FOO")]
    [InlineData("ERR syntax error", "a", "0", "1000", "AUTH")]
    [InlineData("ERR syntax error", "a", "0", "1000", "AUTH2", "user")]
    [InlineData("ERR value is not an integer or out of range", "a", "x", "1000")]
    [InlineData("ERR value is not an integer or out of range", "a", "0", "x")]
    [InlineData(
        "ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
        "a", "0", "1000", "KEYS", "b")]
    [InlineData("IOERR error or timeout writing to target instance", "a", "0", "1000")]
    public async Task Errors_are_those_of_redis(string expected, params string[] arguments)
    {
        await using var source = TestServer.Start();
        using var here = new RawConnection(source.Port);
        here.Call("SET", "a", "1");
        Assert.Equal(expected, here.Call(["MIGRATE", "127.0.0.1", $"{Ports.Take()}", .. arguments]).Text);
        Assert.Equal("1", here.Call("GET", "a").Text);
    }

    [Fact]
    public async Task Keys_go_to_a_real_server_and_come_back()
    {
        using var target = ServerProcess.Start(ServerKind.Redis, "save ");
        await using var source = TestServer.Start();
        using var here = new RawConnection(source.Port);
        using var there = new RawConnection(target.Port);
        string[] values = ["", "1", "-70000", "plain", new string('y', 5000)];
        for (var i = 0; i < values.Length; i++) here.Call("SET", $"k{i}", values[i]);
        Assert.Equal("OK", Migrate(here, target.Port, "", "KEYS", "k0", "k1", "k2", "k3", "k4").Text);
        for (var i = 0; i < values.Length; i++) Assert.Equal(values[i], there.Call("GET", $"k{i}").Text);
        Assert.Equal("OK", Migrate(there, source.Port, "", "KEYS", "k0", "k1", "k2", "k3", "k4").Text);
        for (var i = 0; i < values.Length; i++) Assert.Equal(values[i], here.Call("GET", $"k{i}").Text);
    }

    [Fact]
    public async Task Writes_to_a_key_on_the_move_wait_and_reads_and_other_keys_do_not()
    {
        await using var source = TestServer.Start();
        using var target = Listen(out var port);
        using var mover = await TestClient.ConnectAsync(source.Port);
        using var writer = await TestClient.ConnectAsync(source.Port);
        using var other = await TestClient.ConnectAsync(source.Port);
        await mover.CallAsync("SET", "moving", "old");

        await mover.SendAsync(TestClient.Encode("MIGRATE", "127.0.0.1", $"{port}", "moving", "0", "60000"));
        using var link = await target.AcceptAsync();
        await link.ReceiveAsync(new byte[16384]);
        await writer.SendAsync(TestClient.Encode("APPEND", "moving", "new"));

        Assert.Equal("old", await other.TextAsync("GET", "moving"));
        Assert.Equal("OK", await other.TextAsync("SET", "still", "here"));
        Assert.Equal(0, writer.Socket.Available);

        await link.SendAsync("+OK\r\n+OK\r\n"u8.ToArray());
        Assert.Equal("OK", (await mover.ReadAsync()).ToString());
        Assert.Equal("(integer) 3", (await writer.ReadAsync()).ToString());
    }

    [Fact]
    public async Task A_target_that_dies_leaves_the_key_and_lets_the_writers_go()
    {
        await using var source = TestServer.Start();
        using var target = Listen(out var port);
        using var mover = await TestClient.ConnectAsync(source.Port);
        using var writer = await TestClient.ConnectAsync(source.Port);
        await mover.CallAsync("SET", "moving", "old");
        await mover.SendAsync(TestClient.Encode("MIGRATE", "127.0.0.1", $"{port}", "moving", "0", "60000"));
        for (var attempt = 0; attempt < 2; attempt++)
        {
            using var link = await target.AcceptAsync();
            await link.ReceiveAsync(new byte[16384]);
            await writer.SendAsync(TestClient.Encode("APPEND", "moving", "new"));
        }

        Assert.Equal("(error) IOERR error or timeout reading to target instance", (await mover.ReadAsync()).ToString());
        Assert.Equal("(integer) 6", (await writer.ReadAsync()).ToString());
        Assert.Equal("(integer) 9", (await writer.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Who_answers_something_else_than_a_redis_does_not_get_the_key()
    {
        await using var source = TestServer.Start();
        using var target = Listen(out var port);
        using var mover = await TestClient.ConnectAsync(source.Port);
        await mover.CallAsync("SET", "moving", "old");
        await mover.SendAsync(TestClient.Encode("MIGRATE", "127.0.0.1", $"{port}", "moving", "0", "60000"));
        for (var attempt = 0; attempt < 2; attempt++)
        {
            using var link = await target.AcceptAsync();
            await link.ReceiveAsync(new byte[16384]);
            await link.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray());
        }

        Assert.Equal("(error) IOERR error or timeout reading to target instance", (await mover.ReadAsync()).ToString());
        Assert.Equal("(integer) 1", (await mover.CallAsync("EXISTS", "moving")).ToString());
    }

    [Fact]
    public async Task A_node_that_was_a_replica_meanwhile_keeps_the_keys()
    {
        await using var source = TestServer.Start();
        using var target = Listen(out var port);
        using var mover = await TestClient.ConnectAsync(source.Port);
        using var other = await TestClient.ConnectAsync(source.Port);
        await mover.CallAsync("SET", "key", "value");

        await mover.SendAsync(TestClient.Encode("MIGRATE", "127.0.0.1", $"{port}", "key", "0", "60000"));
        using var link = await target.AcceptAsync();
        await link.ReceiveAsync(new byte[16384]);
        Assert.Equal("OK", await other.TextAsync("REPLICAOF", "127.0.0.1", $"{Ports.Take()}"));
        Assert.Equal("OK", await other.TextAsync("REPLICAOF", "NO", "ONE"));
        await link.SendAsync("+OK\r\n+OK\r\n"u8.ToArray());
        Assert.Equal(
            "(error) ERR This node was a replica for a while during the transfer: the keys were copied, not moved",
            (await mover.ReadAsync()).ToString());
        Assert.Equal("value", await other.TextAsync("GET", "key"));
        Assert.Equal("OK", await other.TextAsync("SET", "key", "new"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_node_that_loads_its_data_anew_meanwhile_keeps_what_it_has_loaded(bool isStillLoading)
    {
        await using var source = TestServer.Start();
        using var target = Listen(out var port);
        using var mover = await TestClient.ConnectAsync(source.Port);
        using var other = await TestClient.ConnectAsync(source.Port);
        await mover.CallAsync("SET", "key", "old");

        await mover.SendAsync(TestClient.Encode("MIGRATE", "127.0.0.1", $"{port}", "key", "0", "60000"));
        using var link = await target.AcceptAsync();
        await link.ReceiveAsync(new byte[16384]);
        using (var load = new HeldLoad(source.Node.Persistence, new RdbEntry("key", "new")))
        {
            if (!isStillLoading) load.Finish();
            await link.SendAsync("+OK\r\n+OK\r\n"u8.ToArray());

            // The answer comes after the load in either case, and says what has become of the key.
            if (isStillLoading) load.Finish();
            Assert.Equal(
                "(error) ERR This node has loaded its data set anew during the transfer: the keys were copied, not moved",
                (await mover.ReadAsync()).ToString());
        }

        Assert.Equal("new", await other.TextAsync("GET", "key"));
        Assert.Equal("OK", await other.TextAsync("SET", "key", "newer"));
    }

    [Fact]
    public async Task A_key_on_the_move_is_deleted_where_it_is_after_databases_were_exchanged()
    {
        await using var source = TestServer.Start();
        using var target = Listen(out var port);
        using var mover = await TestClient.ConnectAsync(source.Port);
        using var other = await TestClient.ConnectAsync(source.Port);
        await mover.CallAsync("SET", "key", "moving");
        await other.CallAsync("SELECT", "1");
        await other.CallAsync("SET", "key", "staying");

        await mover.SendAsync(TestClient.Encode("MIGRATE", "127.0.0.1", $"{port}", "key", "0", "60000"));
        using var link = await target.AcceptAsync();
        await link.ReceiveAsync(new byte[16384]);
        Assert.Equal("OK", await other.TextAsync("SWAPDB", "0", "1"));
        await link.SendAsync("+OK\r\n+OK\r\n"u8.ToArray());
        Assert.Equal("OK", (await mover.ReadAsync()).ToString());

        Assert.Equal("staying", await mover.TextAsync("GET", "key"));
        Assert.Equal("(nil)", (await other.CallAsync("GET", "key")).ToString());
    }

    /// <summary>A target that the test plays itself.</summary>
    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private static Socket Listen(out int port)
    {
        var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        target.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        target.Listen();
        port = ((IPEndPoint)target.LocalEndPoint!).Port;
        return target;
    }

    private static TestServer Target(TestServer source, Action<ServerConfig>? configure = null) =>
        TestServer.Start(configure, source.Node.Clock);

    private static RawReply Migrate(RawConnection from, int port, string key, params string[] options) =>
        from.Call(["MIGRATE", "127.0.0.1", $"{port}", key, "0", "5000", .. options]);
}
