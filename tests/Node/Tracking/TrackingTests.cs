using System.Globalization;
using System.Net;
using System.Text;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Tracking;

/// <summary>Client-side caching: what is remembered, and when who is told.</summary>
public sealed class TrackingTests
{
    [Fact]
    public async Task A_script_has_the_keys_remembered_that_it_reads_and_no_others()
    {
        await using var server = TestServer.Start();
        var (client, other) = (await TrackerAsync(server), await server.ConnectAsync());
        await client.CallAsync("EVAL", "redis.call('get', KEYS[1])", "3", "read{t}", "declared{t}", "written{t}");
        await client.CallAsync("EVAL_RO", "return redis.call('exists', KEYS[2])", "2", "declared{t}", "read2{t}");
        await other.CallAsync("MSET", "declared{t}", "1", "read{t}", "1", "written{t}", "1", "read2{t}", "1");
        Assert.Equal(["[invalidate, [read{t}]]", "[invalidate, [read2{t}]]", "PONG"], await ReadUpToPongAsync(client));
    }

    [Fact]
    public async Task NOLOOP_spares_a_client_what_its_own_scripts_change_by_prefix_too()
    {
        await using var server = TestServer.Start();
        var client = await TrackerAsync(server, "BCAST", "NOLOOP");
        await client.CallAsync("EVAL", "return redis.call('set', KEYS[1], 1)", "1", "k");
        Assert.Equal(["PONG"], await ReadUpToPongAsync(client));
    }

    /// <summary>The cron stands still, so that nobody but the command itself evicts.</summary>
    [Fact]
    public async Task Of_keys_that_were_evicted_for_a_command_its_client_reads_before_the_reply()
    {
        await using var server = TestServer.Start(config => (config.MaxMemoryPolicy, config.IoThreads) = ("volatile-random", 2));
        server.Node.Cron.IsPaused = true;
        var client = await TrackerAsync(server);
        await client.CallAsync("SET", "volatile", "1", "EX", "1000");
        await client.CallAsync("GET", "volatile");
        await client.CallAsync("CONFIG", "SET", "maxmemory", "1");
        await client.SendAsync("ECHO before\r\nECHO behind\r\n");
        Assert.Equal("[invalidate, [volatile]]", (await client.ReadAsync()).ToString());
        Assert.Equal("before", (await client.ReadAsync()).ToString());
        Assert.Equal("behind", (await client.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Of_a_change_that_was_answered_before_its_command_a_client_reads_before_the_reply()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 2);
        var other = await server.ConnectAsync();
        for (var i = 0; i < 200; i++)
        {
            // Readers on either thread.
            var client = await TrackerAsync(server, i % 2 == 0 ? [] : ["BCAST"]);
            await client.CallAsync("GET", "k");
            await other.CallAsync("SET", "k", "v");
            Assert.Equal(["[invalidate, [k]]", "PONG"], await ReadUpToPongAsync(client));
            client.Dispose();
        }
    }

    [Fact]
    public async Task Of_a_change_that_was_answered_before_its_command_who_is_told_in_anothers_place_reads_before_the_reply()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 2);
        var other = await server.ConnectAsync();
        for (var i = 0; i < 200; i++)
        {
            var receiver = await server.ConnectAsync();
            await receiver.CallAsync("HELLO", "3");
            string[] redirection = ["REDIRECT", IdOf(server, receiver).ToString(CultureInfo.InvariantCulture)];
            var client = await TrackerAsync(server, i % 2 == 0 ? redirection : ["BCAST", .. redirection]);
            await client.CallAsync("GET", "k");
            await (i % 4 < 2 ? client : other).CallAsync("SET", "k", "v");
            Assert.Equal(["[invalidate, [k]]", "PONG"], await ReadUpToPongAsync(receiver));
            client.Dispose();
            receiver.Dispose();
        }
    }

    [Fact]
    public async Task Surplus_keys_of_the_table_go_with_the_next_command_and_its_client_reads_so_before_the_reply()
    {
        await using var server = TestServer.Start();
        server.Node.Cron.IsPaused = true;
        var (client, other) = (await TrackerAsync(server), await server.ConnectAsync());
        await client.CallAsync("MGET", "a", "b", "c");
        await client.CallAsync("MULTI");
        await other.CallAsync("CONFIG", "SET", "tracking-table-max-keys", "1");
        await client.SendAsync("GET y\r\n");
        string[] read = [.. await ReadUpToAsync(client, "QUEUED")];
        Assert.Equal(3, read.Length);
        Assert.All(read[..2], message => Assert.StartsWith("[invalidate, [", message, StringComparison.Ordinal));
        Assert.Equal("1", await FieldAsync(other, "tracking_total_keys"));
        server.Node.Cron.IsPaused = false;
    }

    [Fact]
    public async Task Surplus_keys_of_the_table_go_without_any_command_and_only_they()
    {
        const int Keys = 1500;
        await using var server = TestServer.Start();
        var client = await TrackerAsync(server);
        for (var i = 0; i < Keys; i += 100)
            await client.CallAsync(["MGET", .. Enumerable.Range(i, 100).Select(number => "key" + number.ToString(CultureInfo.InvariantCulture))]);
        var other = await server.ConnectAsync();
        Assert.Equal(Keys.ToString(CultureInfo.InvariantCulture), await FieldAsync(other, "tracking_total_keys"));
        await other.CallAsync("CONFIG", "SET", "tracking-table-max-keys", "10");
        var gone = new HashSet<string>(StringComparer.Ordinal);
        while (gone.Count < Keys - 10)
        {
            var message = (await client.ReadAsync()).ToString();
            Assert.StartsWith("[invalidate, [key", message, StringComparison.Ordinal);
            Assert.True(gone.Add(message), message);
        }

        Assert.Equal(["PONG"], await ReadUpToPongAsync(client));
        Assert.Equal("10", await FieldAsync(other, "tracking_total_keys"));
    }

    [Fact]
    public async Task Surplus_keys_of_the_table_go_at_random()
    {
        const int Keys = 400;
        await using var server = TestServer.Start();
        var (client, other) = (await TrackerAsync(server), await server.ConnectAsync());
        var names = Enumerable.Range(0, Keys).Select(number => "{t}" + number.ToString(CultureInfo.InvariantCulture)).ToArray();
        await client.CallAsync(["MGET", .. names]);
        await other.CallAsync("CONFIG", "SET", "tracking-table-max-keys", "200");
        var gone = new HashSet<string>(StringComparer.Ordinal);
        while (gone.Count < Keys / 2) gone.Add((await client.ReadAsync()).ToString());
        Assert.InRange(names[..(Keys / 2)].Count(name => gone.Contains($"[invalidate, [{name}]]")), 1, (Keys / 2) - 1);
    }

    [Fact]
    public async Task Clients_that_are_gone_do_not_pile_up_at_a_key_that_everybody_reads()
    {
        await using var server = TestServer.Start();
        var other = await server.ConnectAsync();
        for (var i = 0; i < 60; i++)
        {
            var client = await TrackerAsync(server);
            await client.CallAsync("GET", "k");
            client.Dispose();
            await Eventually.TrueAsync(() => Task.FromResult(server.Node.Clients.Snapshot().Count == 1));
        }

        Assert.InRange(int.Parse(await FieldAsync(other, "tracking_total_items"), CultureInfo.InvariantCulture), 1, 4);
        var last = await TrackerAsync(server);
        await last.CallAsync("GET", "k");
        await other.CallAsync("SET", "k", "v");
        Assert.Equal(["[invalidate, [k]]", "PONG"], await ReadUpToPongAsync(last));
        Assert.Equal("0", await FieldAsync(other, "tracking_total_items"));
    }

    [Fact]
    public async Task INFO_and_CLIENT_LIST_tell_who_tracks_what()
    {
        await using var server = TestServer.Start();
        var other = await server.ConnectAsync();
        var one = await TrackerAsync(server);
        await one.CallAsync("MGET", "a", "b");
        var two = await TrackerAsync(server);
        await two.CallAsync("GET", "a");
        var three = await TrackerAsync(server, "BCAST", "PREFIX", "x", "PREFIX", "y");
        string[] fields = ["tracking_clients", "tracking_total_keys", "tracking_total_items", "tracking_total_prefixes"];
        Assert.Equal(["3", "2", "3", "2"], await Task.WhenAll(fields.Select(async field => await FieldAsync(server, field))));
        Assert.Contains(" flags=tB ", await three.TextAsync("CLIENT", "INFO"), StringComparison.Ordinal);
        Assert.Contains(" flags=t db=0 ", await one.TextAsync("CLIENT", "INFO"), StringComparison.Ordinal);
        Assert.Contains(" redir=0 ", await one.TextAsync("CLIENT", "INFO"), StringComparison.Ordinal);
        await three.CallAsync("CLIENT", "TRACKING", "OFF");
        await two.CallAsync("CLIENT", "TRACKING", "OFF");
        one.Dispose();

        // Who is gone leaves ids that nobody is found by, up to the next change of the key.
        await Eventually.TrueAsync(async () => await FieldAsync(other, "tracking_clients") == "0");
        await other.CallAsync("MSET", "a", "1", "b", "1");
        Assert.Equal(["0", "0", "0", "0"], await Task.WhenAll(fields.Select(async field => await FieldAsync(server, field))));
        await Eventually.True(() => !server.Node.Tracking.IsInUse);
    }

    /// <summary>Where redis-server writes a null of the version that the one who tracks speaks, this one writes the receiver's.</summary>
    [Theory]
    [InlineData("3", "2", "*3\r\n$7\r\nmessage\r\n$20\r\n__redis__:invalidate\r\n$-1\r\n")]
    [InlineData("2", "3", ">2\r\n$10\r\ninvalidate\r\n_\r\n")]
    public async Task A_flush_is_told_in_the_protocol_of_who_is_told(string tracker, string receiver, string expected)
    {
        await using var server = TestServer.Start();
        var (client, told) = (await server.ConnectAsync(), await server.ConnectAsync());
        await client.CallAsync("HELLO", tracker);
        await told.CallAsync("HELLO", receiver);
        await told.CallAsync("SUBSCRIBE", "c");
        await client.CallAsync("CLIENT", "TRACKING", "ON", "REDIRECT", IdOf(server, told).ToString(CultureInfo.InvariantCulture));
        await client.CallAsync("FLUSHALL");
        var bytes = new byte[expected.Length];
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        for (var read = 0; read < bytes.Length;) read += await told.Socket.ReceiveAsync(bytes.AsMemory(read), patience.Token);
        Assert.Equal(expected, Encoding.ASCII.GetString(bytes));
    }

    [Fact]
    public async Task A_key_that_expires_by_itself_is_told_of_without_any_command()
    {
        await using var server = TestServer.Start();
        var (client, other) = (await TrackerAsync(server), await TrackerAsync(server, "BCAST", "PREFIX", "k"));
        await client.CallAsync("SET", "k", "v", "PX", "1500");
        Assert.Equal("[invalidate, [k]]", (await other.ReadAsync()).ToString());
        await client.CallAsync("GET", "k");
        Assert.Equal("[invalidate, [k]]", (await client.ReadAsync()).ToString());
        Assert.Equal("[invalidate, [k]]", (await other.ReadAsync()).ToString());
    }

    [Fact]
    public void Clients_of_a_replica_hear_of_what_its_master_changes_and_of_another_data_set()
    {
        using var master = new StarlingNode();
        using var replica = new StarlingNode();
        master.Text("SET", "k", "1");
        replica.ReplicaOf(master);
        replica.WaitForLink();
        using var client = new SyncClient(replica.Port);
        client.Command("HELLO", "3");
        client.Command("CLIENT", "TRACKING", "ON");
        Assert.Equal("1", client.Text("GET", "k"));
        master.Text("SET", "k", "2");
        Assert.Equal("[invalidate, [k]]", client.Receive().ToString());
        using var another = new StarlingNode();
        Assert.Equal("2", client.Text("GET", "k"));
        replica.ReplicaOf(another);
        Assert.Equal("[invalidate, (nil)]", client.Receive().ToString());
    }

    [Fact]
    public async Task What_a_transaction_changes_its_client_is_told_behind_the_reply_though_that_waits_for_the_disk()
    {
        await using var server = TestServer.Start(config =>
        {
            config.AclFile = Path.Combine(config.Dir, "users.acl");
            File.WriteAllText(config.AclFile, "");
        });
        var client = await TrackerAsync(server);
        await client.CallAsync("SET", "k", "1");
        await client.CallAsync("GET", "k");
        await client.SendAsync("MULTI\r\nSET k 2\r\nACL SAVE\r\nFLUSHALL\r\nEXEC\r\nPING\r\n");
        foreach (var expected in (string[])["OK", "QUEUED", "QUEUED", "QUEUED", "[OK, OK, OK]", "[invalidate, [k]]", "[invalidate, (nil)]", "PONG"])
            Assert.Equal(expected, (await client.ReadAsync()).ToString());
    }

    private static async Task<TestClient> TrackerAsync(TestServer server, params string[] options)
    {
        var client = await server.ConnectAsync();
        await client.CallAsync("HELLO", "3");
        Assert.Equal("OK", await client.TextAsync(["CLIENT", "TRACKING", "ON", .. options]));
        return client;
    }

    private static long IdOf(TestServer server, TestClient client)
    {
        var port = ((IPEndPoint)client.Socket.LocalEndPoint!).Port;
        return server.Node.Clients.Snapshot().Single(connection => connection.RemoteEndPoint!.Port == port).Session.Id;
    }

    /// <summary>What comes up to the reply to PING.</summary>
    private static async Task<List<string>> ReadUpToPongAsync(TestClient client)
    {
        await client.SendAsync("PING\r\n");
        return await ReadUpToAsync(client, "PONG");
    }

    private static async Task<List<string>> ReadUpToAsync(TestClient client, string last)
    {
        var read = new List<string>();
        do read.Add((await client.ReadAsync()).ToString());
        while (read[^1] != last);
        return read;
    }

    private static async Task<string> FieldAsync(TestServer server, string name) => await FieldAsync(await server.ConnectAsync(), name);

    private static async Task<string> FieldAsync(TestClient client, string name)
    {
        var reply = await client.CallAsync("INFO");
        return reply.Text!.Split("\r\n").Single(line => line.StartsWith(name + ":", StringComparison.Ordinal))[(name.Length + 1)..];
    }
}
