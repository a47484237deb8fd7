using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>Limits on descriptors (ulimit -n), set by prlimit before the start or while the server runs.</summary>
public sealed class DescriptorTests
{
    // Less than any server holds: whatever it opens is refused.
    private const int None = 20;
    private const string TooMany = "-ERR max number of clients reached\r\n";

    [Theory]
    [InlineData(110, false)] // what docs/operating.md says that it starts with, and no less than a few
    [InlineData(160, false)]
    [InlineData(300, false)]
    [InlineData(300, true)]
    [InlineData(700, false)]
    public void Surplus_clients_are_told_so_and_the_node_goes_on(int limit, bool isCluster)
    {
        using var server = Start(limit, isCluster ? ["--cluster-enabled", "yes"] : []);
        var most = server.MaxClients();
        Assert.InRange(most, 1, limit - 32);
        Wait.Until("only the client that asks is there", () => server.Text("CLIENT", "LIST").Split('\n').Length == 2);
        var clients = new List<Socket>();
        try
        {
            // The connection that asked is gone, or about to be.
            for (var i = 0; i < most + 40; i++) clients.Add(Connect(server.Port));
            Wait.Until("all but as many as maxclients says are told", () => clients.Count(IsRefused) >= 39);
            Assert.InRange(clients.Count(IsRefused), 39, 41);
            var served = clients.Find(client => !IsRefused(client))!;
            served.Send("PING\r\n"u8);
            Assert.Equal("+PONG\r\n", Receive(served));
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
        }

        Wait.Until("others are served again", () => server.Text("PING") == "PONG");
    }

    [Fact]
    public void A_place_that_became_free_is_there_for_the_next_client()
    {
        using var server = Start(4000);
        using var served = new RespConnection(server.Port);
        var clients = Served(server, 30);

        // The number that the next client gets is one of the reserve's by now, and those below are free again when it comes.
        server.Limit(NextDescriptor(served) + 3);
        foreach (var client in clients) client.Dispose();
        Wait.Until("only the one is left", () => served.Text("CLIENT", "LIST").Split('\n').Length == 2);
        using var next = Connect(server.Port);
        next.Send("PING\r\n"u8);
        Assert.Equal("+PONG\r\n", Receive(next));
    }

    [Fact]
    public void What_the_server_opens_for_itself_takes_no_clients_place()
    {
        const int Links = 6;
        using var server = Start(300);
        var silent = Enumerable.Range(0, Links).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        foreach (var listener in silent) listener.Start(); // takes connections, and answers none
        var most = server.MaxClients();
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < Links; i++)
            {
                Assert.Equal("OK", server.Text("SET", "k" + RunningServer.Text(i), "v"));
                var client = Connect(server.Port);
                clients.Add(client);
                var target = RunningServer.Text(((IPEndPoint)silent[i].LocalEndpoint).Port);
                client.Send(RespConnection.Encode("MIGRATE", "127.0.0.1", target, "k" + RunningServer.Text(i), "0", "60000"));
            }

            Wait.Until("the clients that asked are gone", () => server.Text("CLIENT", "LIST").Split('\n').Length - 1 == Links + 1);
            for (var i = clients.Count; i < most - 1; i++) clients.Add(Connect(server.Port));
            foreach (var client in clients.Skip(Links))
            {
                client.Send("PING\r\n"u8);
                Assert.Equal("+PONG\r\n", Receive(client));
            }
        }
        finally
        {
            foreach (var client in clients) client.Dispose();
            foreach (var listener in silent) listener.Stop();
        }
    }

    [Theory]
    [InlineData(64, "127.0.0.1")]
    [InlineData(90, "127.0.0.1")]
    [InlineData(103, "127.0.0.1")]
    [InlineData(107, "127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.4")] // two for each address
    public void Too_few_to_start_end_the_start_with_redis_words(int limit, string addresses)
    {
        string[] server = [Executables.Starling, "server", "--port", RunningServer.Text(Ports.Take()), "--bind", addresses, "--save", ""];
        var (exitCode, output) = ProgramRun.Run(Executables.Find("prlimit"), ["--nofile=" + RunningServer.Text(limit), .. server]);
        Assert.Equal(1, exitCode);
        Assert.Contains(
            $"Your current 'ulimit -n' of {limit} is not enough for the server to start. Please increase your open file limit to at least ",
            output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Maxclients_beyond_the_limit_is_refused_and_what_is_named_instead_is_not()
    {
        using var server = Start(300);
        using var redis = new LimitedServer(["--nofile=300", Executables.RedisServer, "--save", ""]);
        foreach (var one in (LimitedServer[])[redis, server])
        {
            using var client = new RespConnection(one.Port);
            var before = one.MaxClients();
            var refusal = client.Call("CONFIG", "SET", "maxclients", "100000")?.ToString() ?? "";
            const string reason = "ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not able to "
                + "handle the specified number of clients, try with ";
            Assert.StartsWith(reason, refusal, StringComparison.Ordinal);
            Assert.Equal(before, one.MaxClients());
            Assert.Equal("OK", client.Text("CONFIG", "SET", "maxclients", refusal[reason.Length..].Trim()));
        }

        server.Running.WaitForLine("maxclients has been reduced to");
        redis.Running.WaitForLine("maxclients has been reduced to");
    }

    [Theory]
    [InlineData("SAVE", "ERR")]
    [InlineData("BGSAVE", "Background saving started")]
    [InlineData("MIGRATE 127.0.0.1 1 k 0 1000", "IOERR error or timeout connecting to the client")]
    [InlineData("REPLICAOF 127.0.0.1 1", "OK")]
    [InlineData("REPLICAOF localhost 1", "OK")]
    [InlineData("CONFIG REWRITE", "ERR Rewriting config file: ")]
    [InlineData("CONFIG SET bind localhost", "ERR CONFIG SET failed (possibly related to argument 'bind')")]
    [InlineData("CONFIG SET maxclients 5000", "ERR CONFIG SET failed (possibly related to argument 'maxclients')")]
    [InlineData("DEBUG RELOAD", "ERR")]
    [InlineData("INFO", "# Server")]
    [InlineData("RANDOMKEY", "k")]
    [InlineData("WAIT 1 10", "0")]
    [InlineData("CLIENT PAUSE 10", "OK")]
    [InlineData("SET k v PX 10", "OK")]
    public void What_finds_no_descriptor_is_an_error_and_no_death(string command, string expected)
    {
        using var server = Start(4000);
        using (var client = new RespConnection(server.Port))
        {
            client.Text("SET", "k", "v");
            server.Limit(None);
            Assert.StartsWith(expected, Describe(client.Call(command.Split(' '))), StringComparison.Ordinal);
            Assert.Equal("PONG", client.Text("PING"));
        }

        server.Limit(4000);
        Wait.Until("it serves others again", () => server.Text("PING") == "PONG");
        using var again = new RespConnection(server.Port);
        Assert.Equal("OK", again.Text("REPLICAOF", "NO", "ONE"));
        Wait.Until("it saves again", () => Describe(again.Call("SAVE")) == "OK");
        server.Limit(None);
        again.Send("SHUTDOWN", "NOSAVE");
        Assert.Equal(0, server.Running.WaitForExit());
    }

    [Fact]
    public void What_finds_no_descriptor_is_told_in_the_words_of_redis_server()
    {
        string[][] commands = [["CONFIG", "REWRITE"], ["ACL", "LOAD"], ["ACL", "SAVE"]];
        string[] programs = [Executables.RedisServer, Executables.Starling];
        var told = programs.Select(program =>
        {
            string[] command = program == Executables.Starling ? [program, "server"] : [program];
            var users = Path.Combine(Path.GetTempPath(), $"starling-users-{Guid.NewGuid():N}");
            File.WriteAllText(users, "user default on nopass ~* &* +@all\n");
            using var server = new LimitedServer(["--nofile=4000", .. command, "--save", "", "--aclfile", users]);
            using var client = new RespConnection(server.Port);
            Assert.Equal("PONG", client.Text("PING"));
            server.Limit(program == Executables.Starling ? None : 3);
            var replies = commands.Select(line => Describe(client.Call(line)).Replace(users, "FILE", StringComparison.Ordinal)).ToArray();
            File.Delete(users);
            return replies;
        }).ToArray();
        Assert.Equal("ERR Rewriting config file: Too many open files", told[0][0]);
        Assert.Equal(told[0], told[1]);
    }

    [Fact]
    public void Code_that_is_compiled_again_while_no_descriptor_is_free_is_no_death()
    {
        string[][] commands =
        [
            ["SET", "s", "v"], ["GET", "s"], ["APPEND", "s", "v"], ["INCR", "n"], ["RPUSH", "l", "v"], ["LRANGE", "l", "0", "5"],
            ["HSET", "h", "f", "v"], ["HGETALL", "h"], ["SADD", "t", "v"], ["SUNION", "t", "t"], ["ZADD", "z", "1", "v"],
            ["ZRANGE", "z", "0", "-1", "WITHSCORES"],
            ["DUMP", "h"], ["XADD", "x", "MAXLEN", "9", "*", "f", "v"], ["GEOADD", "g", "1", "1", "v"], ["PFADD", "p", "v"],
            ["SORT", "t", "ALPHA"], ["INFO"],
        ];
        var program = new[] { "--nofile=4000", Executables.Starling, "server", "--save", "" };
        using var server = new LimitedServer(program, new() { ["DOTNET_TC_CallCountThreshold"] = "2" }); // so that it is compiled soon
        using var client = new RespConnection(server.Port);
        Assert.Equal("PONG", client.Text("PING"));

        // The runtime's own thread for it ends when it is idle for seconds, and must be had again: unless it stays.
        var idle = Stopwatch.StartNew();
        while (idle.Elapsed < TimeSpan.FromSeconds(25) && server.Running.HasThread(".NET Tiered Com")) Thread.Sleep(100);
        server.Limit(None);
        foreach (var command in commands)
            for (var i = 0; i < 200; i++) Assert.IsNotType<RespError>(client.Call(command));
        idle.Restart();
        while (idle.Elapsed < TimeSpan.FromSeconds(2)) Assert.Equal("PONG", client.Text("PING")); // it compiles some time later
        Assert.True(server.Running.HasThread(".NET Tiered Com"));
    }

    [Fact]
    public void Sigterm_stops_a_server_that_has_no_descriptor_left()
    {
        using var server = Start(4000);
        Assert.Equal("OK", server.Text("SET", "k", "v"));
        server.Limit(None);
        server.Running.Send(RunningServer.SignalTerminate);
        Assert.Equal(0, server.Running.WaitForExit());
    }

    [Fact]
    public void Sigterm_that_finds_no_descriptor_for_the_last_save_loses_nothing()
    {
        string[] programs = [Executables.RedisServer, Executables.Starling];
        foreach (var program in programs)
        {
            string[] command = program == Executables.Starling ? [program, "server"] : [program];
            using var server = new LimitedServer(["--nofile=4000", .. command, "--save", "3600 1"]);
            using var client = new RespConnection(server.Port);
            Assert.Equal("OK", client.Text("SET", "k", "v"));
            server.Limit(program == Executables.Starling ? None : 3);
            server.Running.Send(RunningServer.SignalTerminate);
            server.Running.WaitForLine("can't exit");
            Assert.Equal("v", client.Text("GET", "k"));
            server.Limit(4000);
            server.Running.Send(RunningServer.SignalTerminate);
            Assert.Equal(0, server.Running.WaitForExit());
            Assert.True(File.Exists(Path.Combine(server.Running.Folder, "dump.rdb")));
        }
    }

    [Fact]
    public void Clients_that_find_no_descriptor_are_told_so()
    {
        using var server = Start(4000);
        using var served = new RespConnection(server.Port);
        var clients = Served(server, 30);
        server.Limit(NextDescriptor(served));

        // For the first one there is the number that the acceptor has in hand already, for the others the one put by.
        for (var i = 0; i < 3; i++)
        {
            using var client = Connect(server.Port);
            Assert.Equal(TooMany, Receive(client));
        }

        foreach (var client in clients) client.Dispose();
    }

    [Fact]
    public void A_cluster_node_waits_with_what_has_to_be_on_disk_until_a_file_can_be_opened()
    {
        using var server = Start(4000, ["--cluster-enabled", "yes"]);
        using var client = new RespConnection(server.Port);
        Assert.Equal("PONG", client.Text("PING"));
        server.Limit(None);
        Assert.StartsWith(
            "ERR error saving the cluster node config", Describe(client.Call("CLUSTER", "SAVECONFIG")), StringComparison.Ordinal);
        client.Send("CLUSTER", "BUMPEPOCH");
        using var other = new LimitedServer(["--nofile=4000", Executables.Starling, "server", "--save", "", "--cluster-enabled", "yes"]);
        server.Limit(4000);
        Assert.Equal("BUMPED 1", Describe(client.Read()));
        Assert.Equal("OK", client.Text("CLUSTER", "MEET", "127.0.0.1", RunningServer.Text(other.Port)));
        Wait.Until("they have met", () => RespConnection.Field(other.Text("CLUSTER", "INFO"), "cluster_known_nodes") == "2");
    }

    [Fact]
    public void Log_lines_that_found_no_descriptor_are_counted_and_the_log_goes_on()
    {
        using var server = Start(4000, ["--logfile", "my.log"]);
        var log = Path.Combine(server.Running.Folder, "my.log");
        using var client = new RespConnection(server.Port);
        Assert.Equal("PONG", client.Text("PING"));
        server.Limit(None);
        client.Call("SAVE");
        client.Call("SAVE");
        server.Limit(4000);
        Wait.Until("the log goes on", () =>
        {
            client.Text("SAVE");
            return File.ReadAllText(log).Contains("log lines could not be written", StringComparison.Ordinal);
        });
    }

    private static LimitedServer Start(int limit, params string[] arguments) =>
        new(["--nofile=" + RunningServer.Text(limit), Executables.Starling, "server", "--save", "", "--enable-debug-command", "yes", .. arguments]);

    /// <summary>Clients that are served, so many that no descriptor is free between those that are in use.</summary>
    private static List<Socket> Served(LimitedServer server, int count)
    {
        var clients = Enumerable.Range(0, count).Select(_ => Connect(server.Port)).ToList();
        foreach (var client in clients)
        {
            client.Send("PING\r\n"u8);
            Assert.Equal("+PONG\r\n", Receive(client));
        }

        return clients;
    }

    /// <summary>The number that the next client's descriptor gets, since the acceptor waits with that one in hand.</summary>
    private static int NextDescriptor(RespConnection client) => 1 + Regex.Matches(client.Text("CLIENT", "LIST"), " fd=([0-9]+)")
        .Max(match => int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture));

    private static Socket Connect(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveTimeout = 60_000 };
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    /// <summary>Looks without waiting: only a client that was refused has anything to read.</summary>
    private static bool IsRefused(Socket client)
    {
        if (!client.Poll(0, SelectMode.SelectRead)) return false;
        Span<byte> bytes = new byte[100];
        var count = client.Receive(bytes, SocketFlags.Peek, out var error);
        Assert.Equal(SocketError.Success, error);
        Assert.Equal(TooMany, Encoding.ASCII.GetString(bytes[..count]));
        return true;
    }

    private static string Receive(Socket client)
    {
        var bytes = new byte[100];
        return Encoding.ASCII.GetString(bytes, 0, client.Receive(bytes));
    }

    private static string Describe(object? reply) => reply switch
    {
        long number => number.ToString(CultureInfo.InvariantCulture),
        _ => reply?.ToString() ?? "",
    };
}
