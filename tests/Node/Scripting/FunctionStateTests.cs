using System.Text;
using Starling.Node.Persistence;
using Starling.Node.Tests.Persistence;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Scripting;

/// <summary>Where libraries go: replicas, RDB files, payloads; and where functions may not run.</summary>
public class FunctionStateTests
{
    [Fact]
    public async Task Replicas_get_libraries_with_the_snapshot_and_every_change_of_them_behind_it()
    {
        await using var master = TestServer.Start();
        await using var replica = TestServer.Start(clock: master.Node.Clock);
        var (there, here) = (await master.ConnectAsync(), await replica.ConnectAsync());
        await there.CallAsync("function", "load", FunctionTests.Library("early", "e", "return 1"));
        await here.CallAsync("function", "load", FunctionTests.Library("own", "o", "return 1"));
        Assert.Equal("OK", await here.TextAsync("replicaof", "127.0.0.1", $"{master.Port}"));
        await there.CallAsync("set", "k", "v");
        Assert.Equal("(integer) 1", await there.TextAsync("wait", "1", "60000"));
        Assert.Equal("early", await NamesAsync(here));
        await there.CallAsync("function", "load", FunctionTests.Library("w", "w", "return redis.call('incr', 'n')"));
        Assert.Equal("(integer) 1", await there.TextAsync("fcall", "w", "0"));
        Assert.Equal("(integer) 1", await there.TextAsync("wait", "1", "60000"));
        Assert.Equal("early w", await NamesAsync(here));
        Assert.Equal("1", await here.TextAsync("get", "n"));
        const string ReadOnly = "(error) READONLY You can't write against a read only replica.";
        Assert.Equal(ReadOnly, await here.TextAsync("function", "load", FunctionTests.Library("x", "x", "return 1")));
        Assert.Equal(ReadOnly, await here.TextAsync("function", "delete", "w"));
        Assert.Equal(ReadOnly, await here.TextAsync("function", "flush"));
        Assert.Equal(ReadOnly, await here.TextAsync("fcall", "w", "0"));
        await there.CallAsync("function", "delete", "early");
        Assert.Equal("(integer) 1", await there.TextAsync("wait", "1", "60000"));
        Assert.Equal("w", await NamesAsync(here));
        await there.CallAsync("function", "flush");
        Assert.Equal("(integer) 1", await there.TextAsync("wait", "1", "60000"));
        Assert.Equal("", await NamesAsync(here));
    }

    [Fact]
    public async Task FLUSHALL_leaves_libraries_and_DEBUG_RELOAD_brings_back_those_of_the_file()
    {
        await using var server = TestServer.Start(config => config.EnableDebugCommand = "yes");
        var client = await server.ConnectAsync();
        await client.CallAsync("function", "load", FunctionTests.Library("a", "f", "return 'saved'"));
        Assert.Equal("OK", await client.TextAsync("flushall"));
        Assert.Equal("saved", await client.TextAsync("fcall", "f", "0"));
        Assert.Equal("OK", await client.TextAsync("save"));
        await client.CallAsync("function", "load", "replace", FunctionTests.Library("a", "f", "return 'later'"));
        await client.CallAsync("function", "load", FunctionTests.Library("b", "g", "return 1"));
        Assert.Equal("(error) ERR Error trying to load the RDB dump", await client.TextAsync("debug", "reload", "nosave", "noflush"));
        Assert.Equal("later", await client.TextAsync("fcall", "f", "0"));
        Assert.Equal("OK", await client.TextAsync("debug", "reload", "nosave", "noflush", "merge"));
        Assert.Equal(("saved", "b a"), (await client.TextAsync("fcall", "f", "0"), await NamesAsync(client)));
        Assert.Equal("OK", await client.TextAsync("debug", "reload", "nosave"));
        Assert.Equal(("saved", "a"), (await client.TextAsync("fcall", "f", "0"), await NamesAsync(client)));
        Assert.Equal("OK", await client.TextAsync("debug", "reload"));
        Assert.Equal("a", await NamesAsync(client));
    }

    [Fact]
    public async Task A_transaction_loads_calls_and_deletes()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("multi");
        await client.CallAsync("function", "load", FunctionTests.Library("a", "f", "return redis.call('incr', keys[1])"));
        await client.CallAsync("fcall", "f", "1", "n");
        await client.CallAsync("function", "delete", "a");
        await client.CallAsync("fcall", "f", "1", "n");
        Assert.Equal("[a, (integer) 1, OK, (error) ERR Function not found]", await client.TextAsync("exec"));
    }

    [Fact]
    public async Task Flags_say_where_a_function_may_run()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync(
            "function", "load",
            "#!lua name=a\nlocal function set() return redis.call('set', 'k', 1) end\nredis.register_function('w', set)\n"
            + "redis.register_function{function_name='oom', callback=set, flags={'allow-oom'}}\n"
            + "redis.register_function{function_name='r', callback=function() return 1 end, flags={'no-writes'}}\n"
            + "redis.register_function{function_name='stale', callback=function() return 2 end, flags={'no-writes', 'allow-stale'}}\n"
            + "redis.register_function{function_name='get', callback=function() return redis.call('get', 'k') end, flags={'no-writes', 'allow-stale'}}");
        Assert.Equal("OK", await client.TextAsync("config", "set", "maxmemory", "1"));
        const string OutOfMemory = "(error) OOM command not allowed when used memory > 'maxmemory'.";
        Assert.Equal(OutOfMemory, await client.TextAsync("fcall", "w", "0"));
        Assert.Equal("OK", await client.TextAsync("fcall", "oom", "0"));
        Assert.Equal("(integer) 1", await client.TextAsync("fcall", "r", "0"));
        Assert.Equal(OutOfMemory, await client.TextAsync("function", "load", FunctionTests.Library("b", "x", "return 1")));
        Assert.Equal(OutOfMemory, await client.TextAsync("function", "restore", "x"));
        Assert.Equal("OK", await client.TextAsync("config", "set", "maxmemory", "0"));
        Assert.Equal("OK", await client.TextAsync("config", "set", "replica-serve-stale-data", "no"));
        Assert.Equal("OK", await client.TextAsync("replicaof", "127.0.0.1", "1"));
        const string Stale = "(error) MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
        Assert.Equal(Stale, await client.TextAsync("fcall_ro", "r", "0"));
        Assert.Equal("(integer) 2", await client.TextAsync("fcall_ro", "stale", "0"));
        Assert.Equal(
            "(error) ERR Can not execute the command on a stale replica script: get, on @user_function:7.", await client.TextAsync("fcall", "get", "0"));
        Assert.Equal(Stale, await client.TextAsync("function", "dump"));
    }

    [Fact]
    public async Task In_a_cluster_flags_decide_whether_a_function_runs_and_what_keys_it_touches()
    {
        await using var server = TestServer.Start(
            config => (config.ClusterEnabled, config.Databases, config.Port, config.ClusterNodeTimeout) = (true, 1, Ports.Take(), 2000));
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("cluster", "addslotsrange", "0", "16383"));
        await Eventually.TrueAsync(async () => (await client.TextAsync("cluster", "info")).Contains("cluster_state:ok", StringComparison.Ordinal));
        await client.CallAsync(
            "function", "load",
            "#!lua name=a\nlocal function both() redis.call('set', 'a', 1) return redis.call('set', 'b', 1) end\nredis.register_function('one', both)\n"
            + "redis.register_function{function_name='many', callback=both, flags={'allow-cross-slot-keys'}}\n"
            + "redis.register_function{function_name='alone', callback=both, flags={'no-cluster'}}");
        Assert.StartsWith(
            "(error) ERR Script attempted to access keys that do not hash to the same slot script: one",
            await client.TextAsync("fcall", "one", "0"),
            StringComparison.Ordinal);
        Assert.Equal("OK", await client.TextAsync("fcall", "many", "0"));
        Assert.Equal("(error) ERR Can not run script on cluster, 'no-cluster' flag is set.", await client.TextAsync("fcall", "alone", "0"));
        Assert.Equal("(error) ERR Can not run script on cluster, 'no-cluster' flag is set.", await client.TextAsync("fcall_ro", "alone", "0"));
        Assert.StartsWith("(error) CROSSSLOT", await client.TextAsync("fcall", "many", "2", "a", "b"), StringComparison.Ordinal);
        Assert.StartsWith(
            "(error) ERR Script attempted to access a non local key in a cluster node",
            await client.TextAsync("eval", "#!lua\nreturn redis.call('mget', 'b', 'c')", "1", "a"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_runs_functions_with_the_rights_that_it_has()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("function", "load", FunctionTests.Library("a", "f", "return redis.call('get', args[1])"));
        await client.CallAsync("acl", "setuser", "u", "on", "nopass", "+fcall", "+get", "+function|list", "~k*");
        await client.CallAsync("auth", "u", "x");
        Assert.Equal("(nil)", await client.TextAsync("fcall", "f", "0", "k"));
        Assert.StartsWith("(error) NOPERM", await client.TextAsync("fcall", "f", "1", "x", "k"), StringComparison.Ordinal);
        Assert.StartsWith("(error) ERR The user executing the script can't access at least one of the keys", await client.TextAsync("fcall", "f", "0", "x"), StringComparison.Ordinal);
        Assert.StartsWith("(error) NOPERM", await client.TextAsync("function", "dump"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RESTORE_puts_libraries_beside_or_in_the_place_of_those_that_are_there()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("function", "load", FunctionTests.Library("a", "f", "return 'old'"));
        var replaced = Payload(FunctionTests.Library("a", "f", "return 'new'"), FunctionTests.Library("b", "g", "return 1"));
        Assert.Equal("(error) ERR Library a already exists", await RestoreAsync(client, replaced));
        Assert.Equal(("a", "old"), (await NamesAsync(client), await client.TextAsync("fcall", "f", "0")));
        Assert.Equal("OK", await RestoreAsync(client, replaced, "replace"));
        Assert.Equal(("a b", "new"), (await NamesAsync(client), await client.TextAsync("fcall", "f", "0")));
        Assert.Equal("(error) ERR Function F already exists", await RestoreAsync(client, Payload(FunctionTests.Library("c", "F", "return 1")), "replace"));
        Assert.Equal("(error) ERR Library 'c' already exists", await RestoreAsync(client, Payload(FunctionTests.Library("c", "x", ""), FunctionTests.Library("c", "y", "")), "flush"));
        Assert.Equal("OK", await RestoreAsync(client, Payload(FunctionTests.Library("b", "f", "return 1"), FunctionTests.Library("a", "g", "return 2")), "replace"));
        Assert.Equal("(integer) 2", await client.TextAsync("fcall", "g", "0"));
        Assert.Equal("OK", await RestoreAsync(client, Payload(FunctionTests.Library("c", "x", "return 3")), "flush"));
        Assert.Equal(("c", "(integer) 3"), (await NamesAsync(client), await client.TextAsync("fcall", "x", "0")));
        Assert.Equal("OK", await RestoreAsync(client, Payload(), "flush"));
        Assert.Equal("", await NamesAsync(client));
    }

    [Fact]
    public async Task Payloads_that_are_no_good_are_refused_and_change_nothing()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("function", "load", FunctionTests.Library("a", "f", "return 1"));
        string[] refused = ["f6 01 78", "00 01 78", "ff", "f5", "f5 10 61 62", "f5 c3 02 05 61 62", "f5 c9", "f5 c0 05", "f5 80 ff ff ff ff", "f5 81 7f ff ff ff ff ff ff ff", "f5 c3 02 80 7f ff ff ff 61 62"];
        foreach (var bytes in refused)
            Assert.StartsWith("(error) ERR ", await RestoreAsync(client, Seal(Convert.FromHexString(bytes.Replace(" ", ""))), "flush"), StringComparison.Ordinal);
        Assert.Equal("(error) ERR Pre-GA function format not supported", await RestoreAsync(client, Seal([0xf6, 1, 2])));
        Assert.Equal("(error) ERR given type is not a function", await RestoreAsync(client, Seal([0, 1, 2])));
        Assert.Equal("(error) ERR Failed loading library payload", await RestoreAsync(client, Seal([0xf5, 9, 2])));
        var payload = Payload(FunctionTests.Library("b", "g", new string('x', 200) + "()"));
        for (var cut = 0; cut < payload.Length; cut++)
            Assert.Equal("(error) ERR DUMP payload version or checksum are wrong", await RestoreAsync(client, payload[..cut], "flush"));
        Assert.Equal("a", await NamesAsync(client));
    }

    [Fact]
    public async Task Payloads_and_files_that_were_changed_at_random_do_no_harm()
    {
        const int Seed = 20261128;
        await using var server = TestServer.Start(config => config.EnableDebugCommand = "yes");
        var client = await server.ConnectAsync();
        var random = new Random(Seed);
        var content = Payload(FunctionTests.Library("b", "g", "return keys, args, {1, 2, 'three'}"), FunctionTests.Library("c", "h", "return 1"))[..^10];
        var count = int.Parse(Environment.GetEnvironmentVariable("STARLING_FUZZ_PAYLOADS") ?? "3000", System.Globalization.CultureInfo.InvariantCulture);
        for (var i = 0; i < count; i++)
        {
            var bytes = content.ToArray();
            for (var j = random.Next(1, 4); j > 0; j--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(4) == 0) bytes = bytes[..random.Next(bytes.Length)];
            var reply = await RestoreAsync(client, Seal(bytes), "flush");
            Assert.True(reply == "OK" || reply.StartsWith("(error) ERR ", StringComparison.Ordinal), $"seed {Seed}, payload {i}: {reply}");
            byte[] file = [.. "REDIS0010"u8, .. bytes, 0xff, .. new byte[8]];
            var host = new RdbReader(new MemoryStream(file), verifyChecksum: false);
            while (host.Read() is not (RdbItem.End or RdbItem.Failed)) Assert.NotNull(host);
        }

        Assert.Equal("PONG", await client.TextAsync("ping"));
    }

    [Fact]
    public void A_file_whose_library_cannot_be_loaded_is_refused_and_the_log_says_why()
    {
        var host = new PersistenceHost();
        var bytes = RdbBytes.Make(writer => writer.Function("#!lua name=a\nfoo()"u8));
        var result = host.Persistence.Load(new MemoryStream(bytes), new RdbLoadOptions());
        Assert.False(result.Succeeded);
        Assert.Contains(host.Lines, line => line.Contains("Failed loading a library of functions: Error registering functions: ERR user_function:2: ", StringComparison.Ordinal));
        Assert.Empty(host.Server.Scripts.Functions.Current.Libraries);
    }

    [Fact]
    public void A_load_that_fails_leaves_the_libraries_that_were_there()
    {
        var host = new PersistenceHost();
        var good = RdbBytes.Make(writer => writer.Function(Encoding.ASCII.GetBytes(FunctionTests.Library("a", "f", "return 1"))));
        Assert.True(host.Persistence.Load(new MemoryStream(good), new RdbLoadOptions()).Succeeded);
        var two = RdbBytes.Make(writer =>
        {
            writer.Function(Encoding.ASCII.GetBytes(FunctionTests.Library("b", "g", "return 1")));
            writer.Function(Encoding.ASCII.GetBytes(FunctionTests.Library("c", "h", "return 1")));
        });
        Assert.False(host.Persistence.Load(new MemoryStream(two[..^40]), new RdbLoadOptions()).Succeeded);
        Assert.Equal("a", Encoding.ASCII.GetString(Assert.Single(host.Server.Scripts.Functions.Current.Libraries).Name));
        Assert.True(host.Persistence.Load(new MemoryStream(two), new RdbLoadOptions()).Succeeded);
        Assert.Equal(2, host.Server.Scripts.Functions.Current.Libraries.Count);
    }

    [Theory]
    [InlineData("yes")]
    [InlineData("no")]
    public async Task Files_payloads_and_streams_go_to_redis_server_and_back(string compression)
    {
        await using var starling = TestServer.Start(config => config.RdbCompression = compression == "yes");
        using var redis = ServerProcess.Create(ServerKind.Redis, "save ", "rdbcompression " + compression);
        var client = await starling.ConnectAsync();
        for (var i = 0; i < 3; i++)
            await client.CallAsync("function", "load", FunctionTests.Library($"l{i}", $"f{i}", $"return 'v{i}' -- {new string('x', i * 300)}\n"));
        await client.CallAsync("set", "k", "v");
        Assert.Equal("OK", await client.TextAsync("save"));
        File.Copy(Path.Combine(starling.Node.Config.Dir, "dump.rdb"), Path.Combine(redis.Folder, "dump.rdb"));
        redis.Start();
        using var there = redis.Connect();
        for (var i = 0; i < 3; i++) Assert.Equal($"v{i}", there.Text("FCALL", $"f{i}", "0"));

        // Its payload, here; and ours, there.
        var payload = Encoding.Latin1.GetBytes(there.Text("FUNCTION", "DUMP"));
        await client.CallAsync("function", "flush");
        Assert.Equal("OK", await RestoreAsync(client, payload));
        Assert.Equal("v2", await client.TextAsync("fcall", "f2", "0"));
        there.Text("FUNCTION", "FLUSH");
        there.Text("FUNCTION", "RESTORE", Encoding.Latin1.GetString((await client.CallAsync("function", "dump")).Bytes));
        Assert.Equal("v1", there.Text("FCALL", "f1", "0"));

        // A replica of it, and it as a replica.
        there.Text("FUNCTION", "DELETE", "l0");
        Assert.Equal("OK", await client.TextAsync("replicaof", "127.0.0.1", $"{redis.Port}"));
        await Eventually.TrueAsync(async () => await NamesAsync(client) is "l1 l2" or "l2 l1");
        there.Text("FUNCTION", "LOAD", FunctionTests.Library("late", "late", "return 5"));
        await Eventually.TrueAsync(async () => (await NamesAsync(client)).Contains("late", StringComparison.Ordinal));
        Assert.Equal("OK", await client.TextAsync("replicaof", "no", "one"));
        await client.CallAsync("function", "delete", "l1");
        there.Text("REPLICAOF", "127.0.0.1", $"{starling.Port}");
        await Eventually.TrueAsync(() => Task.FromResult(!there.Text("FUNCTION", "LIST", "LIBRARYNAME", "l1").Contains("l1", StringComparison.Ordinal) && redis.Info("replication", "master_link_status") == "up"));
        await client.CallAsync("function", "load", FunctionTests.Library("later", "later", "return redis.call('set', 'by', 'function')"));
        await client.CallAsync("fcall", "later", "0");
        Assert.Equal("(integer) 1", await client.TextAsync("wait", "1", "60000"));
        Assert.Equal("function", there.Text("GET", "by"));
        there.Text("REPLICAOF", "NO", "ONE");
        Assert.Equal("OK", there.Text("FCALL", "later", "0"));
    }

    private static byte[] Payload(params string[] codes) => FunctionPayload.Write([.. codes.Select(Encoding.Latin1.GetBytes)], compression: true);

    /// <summary>Puts version and checksum behind the content of a payload.</summary>
    private static byte[] Seal(byte[] content)
    {
        byte[] bytes = [.. content, 10, 0];
        return [.. bytes, .. BitConverter.GetBytes(Crc64.Append(0, bytes))];
    }

    private static async Task<string> RestoreAsync(TestClient client, byte[] payload, string policy = "append")
    {
        var writer = new Starling.Resp.RespWriter();
        writer.Array(4);
        writer.Bulk("function"u8);
        writer.Bulk("restore"u8);
        writer.Bulk(payload);
        writer.Bulk(policy);
        await client.SendAsync(writer.ToArray());
        return (await client.ReadAsync()).ToString();
    }

    private static async Task<string> NamesAsync(TestClient client) =>
        string.Join(' ', (await client.CallAsync("function", "list")).Elements.Select(library => library[1].ToString()));
}
