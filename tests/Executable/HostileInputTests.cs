using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>Names, numbers and paths from clients that reach the runtime: its resolver, its files, its timers.</summary>
public sealed class HostileInputTests(BothServers servers) : IClassFixture<BothServers>
{
    [Theory]
    [InlineData("REPLICAOF {255} 6379")]
    [InlineData("REPLICAOF {256} 6379")]
    [InlineData("REPLICAOF {70000} 6379")]
    [InlineData("REPLICAOF {empty} 6379")]
    [InlineData("REPLICAOF a{zero}b 1")]
    [InlineData("REPLICAOF [::1] 1")]
    [InlineData("REPLICAOF ::1%nosuch 1")]
    [InlineData("REPLICAOF 0.0.0.0 0")]
    [InlineData("REPLICAOF 256.256.256.256 1")]
    [InlineData("REPLICAOF 127.0.0.1 65536")]
    [InlineData("REPLICAOF 127.0.0.1 -1")]
    [InlineData("REPLICAOF 127.0.0.1 99999999999999999999")]
    [InlineData("CONFIG SET bind {256}")]
    [InlineData("CONFIG SET bind {70000}")]
    [InlineData("CONFIG SET bind nosuch.invalid")]
    [InlineData("CONFIG SET bind -nosuch.invalid")]
    [InlineData("CONFIG SET bind 127.0.0.1{space}nosuch.invalid")]
    [InlineData("CONFIG SET bind 192.0.2.1")]
    [InlineData("CONFIG SET bind [::1]")]
    [InlineData("CONFIG SET bind 1{space}1{space}1{space}1{space}1{space}1{space}1{space}1{space}"
        + "1{space}1{space}1{space}1{space}1{space}1{space}1{space}1{space}1")]
    [InlineData("CONFIG SET port 65536")]
    [InlineData("CONFIG SET port -1")]
    [InlineData("CONFIG SET dir {256}")]
    [InlineData("CONFIG SET dir {5000}")]
    [InlineData("CONFIG SET dir {empty}")]
    [InlineData("CONFIG SET dir /proc/self/status")]
    [InlineData("CONFIG SET dbfilename a/b")]
    [InlineData("CONFIG SET bind-source-addr {256}")]
    [InlineData("CONFIG SET replica-announce-ip {70000}")]
    [InlineData("CONFIG SET masterauth {70000}")]
    [InlineData("CONFIG SET save 1{space}x")]
    [InlineData("CONFIG SET client-output-buffer-limit normal{space}1{space}1")]
    [InlineData("CONFIG SET repl-backlog-size 9223372036854775808")]
    [InlineData("CONFIG SET hz 2147483648")]
    [InlineData("MIGRATE {256} 6379 missing 0 10")]
    [InlineData("CLIENT KILL ADDR {70000}")]
    [InlineData("CLIENT KILL ID 99999999999999999999")]
    [InlineData("CLIENT SETNAME a{zero}b")]
    [InlineData("WAIT 1 -1")]
    [InlineData("DEBUG SLEEP nan")]
    [InlineData("SHUTDOWN {256}")]
    [InlineData("REPLCONF listening-port 99999999999999999999")]
    [InlineData("REPLCONF rdb-only 9223372036854775807")]
    [InlineData("REPLCONF rdb-filter-only x")]
    [InlineData("SELECT 9223372036854775807")]
    [InlineData("SWAPDB 9223372036854775807 0")]
    [InlineData("COPY a b DB 9223372036854775807")]
    [InlineData("RESTORE a 0 {70000}")]
    [InlineData("SETRANGE a 9223372036854775807 x")]
    [InlineData("HELLO 9223372036854775807")]
    public void Input_is_answered_as_redis_server_answers_it_and_the_node_lives(string command)
    {
        var arguments = BothServers.Arguments(command);
        try
        {
            Assert.Equal(BothServers.Call(servers.Redis, arguments), BothServers.Call(servers.Starling, arguments));
            Assert.Equal("PONG", BothServers.Call(servers.Starling, "PING"));
        }
        finally
        {
            Restore(servers.Redis);
            Restore(servers.Starling);
        }
    }

    [Theory]
    [InlineData("0.0.0.0", "1", "9223372036854775807", "writing to target instance")]
    [InlineData("{256}", "6379", "10")]
    [InlineData("{empty}", "6379", "10")]
    [InlineData("a{zero}b", "6379", "10")]
    [InlineData("::1%nosuch", "6379", "10", "writing to target instance")]
    [InlineData("[127.0.0.1]", "6379", "10")]
    [InlineData("127.0.0.1", "0", "10", "writing to target instance")]
    [InlineData("127.0.0.1", "99999999999999999999", "10", "writing to target instance")]
    [InlineData("127.0.0.1", "-1", "-1", "writing to target instance")]
    public void Migrate_to_where_nobody_is_is_an_error_and_the_key_stays(
        string host, string port, string timeout, string failed = "connecting to the client")
    {
        Assert.Equal("OK", BothServers.Call(servers.Starling, "SET", "k", "v"));
        string[] arguments = ["MIGRATE", BothServers.Arguments(host)[0], port, "k", "0", timeout];
        Assert.Equal("IOERR error or timeout " + failed, BothServers.Call(servers.Starling, arguments));
        Assert.Equal("v", BothServers.Call(servers.Starling, "GET", "k"));
    }

    [Fact]
    public void Migrate_waits_longer_than_the_runtime_can_wait_at_once()
    {
        // Nobody answers at this address (RFC 5737), or the network says at once that it cannot be reached.
        using var connection = new RespConnection(servers.Starling.Port);
        connection.Text("SET", "long", "v");
        connection.Send("MIGRATE", "192.0.2.1", "6379", "long", "0", "2147483647");
        Assert.Equal("v", BothServers.Call(servers.Starling, "GET", "long"));
    }

    [Theory]
    [InlineData("{255}")]
    [InlineData("{256}")]
    [InlineData("{5000}")]
    [InlineData("a{zero}b")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("{empty}")]
    public void A_file_name_that_is_none_fails_the_save_and_the_node_lives(string name)
    {
        try
        {
            Assert.Equal("OK", BothServers.Call(servers.Starling, "CONFIG", "SET", "dbfilename", BothServers.Arguments(name)[0]));
            var reply = BothServers.Call(servers.Starling, "SAVE");
            if (name is "{255}" or "a{zero}b") Assert.Equal("OK", reply);
            else Assert.Equal("ERR", reply);
            Assert.StartsWith("Background saving started", BothServers.Call(servers.Starling, "BGSAVE"), StringComparison.Ordinal);
            Wait.Until("the save has ended", () => servers.Starling.Info("persistence", "rdb_bgsave_in_progress") == "0");
            Assert.Equal("OK", BothServers.Call(servers.Starling, "SET", "k", "v"));
        }
        finally
        {
            Restore(servers.Starling);
        }
    }

    [Theory]
    [InlineData("timeout")]
    [InlineData("tcp-keepalive")]
    [InlineData("repl-timeout")]
    [InlineData("repl-ping-replica-period")]
    [InlineData("shutdown-timeout")]
    [InlineData("min-replicas-max-lag")]
    [InlineData("repl-backlog-ttl")]
    public void The_largest_number_of_seconds_keeps_nobody_out(string directive)
    {
        var before = servers.Starling.Text("CONFIG", "GET", directive);
        try
        {
            Assert.Equal("OK", BothServers.Call(servers.Starling, "CONFIG", "SET", directive, "2147483647"));
            Assert.Equal("PONG", BothServers.Call(servers.Starling, "PING"));
        }
        finally
        {
            BothServers.Call(servers.Starling, "CONFIG", "SET", directive, directive == "timeout" ? "0" : "10");
        }

        Assert.NotNull(before);
    }

    [Theory]
    [InlineData("SETRANGE long 3000000000 x")]
    [InlineData("DEBUG POPULATE 1 long 3000000000")]
    public void A_string_longer_than_an_array_is_refused_whatever_the_limit(string command)
    {
        try
        {
            Assert.Equal("OK", BothServers.Call(servers.Starling, "CONFIG", "SET", "proto-max-bulk-len", "9223372036854775807"));
            Assert.Equal(
                "ERR string exceeds maximum allowed size (proto-max-bulk-len)",
                BothServers.Call(servers.Starling, command.Split(' ')));
        }
        finally
        {
            BothServers.Call(servers.Starling, "CONFIG", "SET", "proto-max-bulk-len", "512mb");
        }
    }

    [Fact]
    public void A_name_is_not_looked_up_inside_a_transaction()
    {
        using var connection = new RespConnection(servers.Starling.Port);
        connection.Text("MULTI");
        connection.Text("CONFIG", "SET", "bind", "localhost");
        var replies = (object?[])connection.Call("EXEC")!;
        Assert.Equal("ERR CONFIG SET of host names isn't allowed inside a transaction", replies[0]?.ToString());
    }

    [Fact]
    public void A_bind_that_fails_leaves_every_address_as_it_was()
    {
        using var connection = new RespConnection(servers.Starling.Port);
        Assert.StartsWith(
            "ERR CONFIG SET failed (possibly related to argument 'bind')",
            connection.Call("CONFIG", "SET", "bind", "127.0.0.1 192.0.2.1")?.ToString(),
            StringComparison.Ordinal);
        Assert.Equal("127.0.0.1", ((object?[])connection.Call("CONFIG", "GET", "bind")!)[1]?.ToString());
        Assert.Equal("PONG", BothServers.Call(servers.Starling, "PING"));
    }

    private static void Restore(ServerProcess server)
    {
        using var connection = new RespConnection(server.Port);
        connection.Call("REPLICAOF", "NO", "ONE");
        connection.Call("CONFIG", "SET", "dbfilename", "dump.rdb");
        connection.Call("CONFIG", "SET", "bind-source-addr", "");
        connection.Call("CONFIG", "SET", "replica-announce-ip", "");
        connection.Call("CONFIG", "SET", "masterauth", "");
        connection.Call("CONFIG", "SET", "save", "");
    }
}
