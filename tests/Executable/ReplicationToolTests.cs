using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>What tools ask a master for, and what INFO counts of replicas, beside redis-server.</summary>
public sealed class ReplicationToolTests
{
    [Theory]
    [InlineData("")]
    [InlineData("functions")]
    public void A_snapshot_without_data_is_sent_to_who_asks_for_one(string filter)
    {
        using var master = ServerProcess.Start(ServerKind.Starling, "save ", "repl-diskless-sync-delay 0");
        master.Text("SET", "secret", new string('x', 100_000));
        using var tool = new RespConnection(master.Port);
        Assert.Equal("OK", tool.Text("REPLCONF", "rdb-filter-only", filter));
        tool.Send("SYNC");
        var file = tool.ReadSnapshot();
        Assert.StartsWith("REDIS0010", file, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", file, StringComparison.Ordinal);
        Assert.InRange(file.Length, 9, 1000);

        // The stream follows, from the snapshot's moment on.
        master.Text("SET", "later", "1");
        Assert.Equal(["SELECT", "0"], Words(tool));
        Assert.Equal(["SET", "later", "1"], Words(tool), StringComparer.OrdinalIgnoreCase);
    }

    [Fact]
    public void Others_that_wait_meanwhile_get_the_data()
    {
        using var master = ServerProcess.Start(ServerKind.Starling, "save ", "repl-diskless-sync-delay 1");
        master.Text("SET", "k", "v");
        using var replica = ServerProcess.Start(ServerKind.Redis, "save ", "replicaof 127.0.0.1 " + RunningServer.Text(master.Port));
        using var tool = new RespConnection(master.Port);
        tool.Text("REPLCONF", "rdb-filter-only", "");
        tool.Send("SYNC");
        Assert.StartsWith("REDIS", tool.ReadSnapshot(), StringComparison.Ordinal);
        Wait.Until("the replica is in sync", () => replica.Info("replication", "master_link_status") == "up");
        Assert.Equal("v", replica.Text("GET", "k"));
    }

    [Fact]
    public void Redis_cli_fetches_functions_and_no_keys()
    {
        using var master = ServerProcess.Start(ServerKind.Starling, "save ", "repl-diskless-sync-delay 0");
        master.Text("SET", "secret", "v");
        master.Text("FUNCTION", "LOAD", "#!lua name=fetched\nredis.register_function('f', function() return 1 end)");
        var file = Path.Combine(master.Folder, "functions.rdb");
        ProgramRun.RedisCli("-p", RunningServer.Text(master.Port), "--functions-rdb", file);
        Assert.StartsWith("REDIS", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.Contains("name=fetched", File.ReadAllText(file), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", File.ReadAllText(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ServerKind.Redis)]
    [InlineData(ServerKind.Starling)]
    public void The_first_synchronisation_of_a_fresh_replica_is_no_refused_partial_one(ServerKind kind)
    {
        using var master = ServerProcess.Start(kind, "save ", "repl-diskless-sync-delay 0");
        using var replica = ServerProcess.Start(ServerKind.Starling, "save ", "replicaof 127.0.0.1 " + RunningServer.Text(master.Port));
        Wait.Until("the replica is in sync", () => replica.Info("replication", "master_link_status") == "up");
        Assert.Equal("1", master.Info("stats", "sync_full"));
        Assert.Equal("0", master.Info("stats", "sync_partial_err"));
    }

    [Fact]
    public void A_replica_dropped_for_its_output_limit_is_counted()
    {
        using var master = ServerProcess.Start(
            ServerKind.Starling, "save ", "repl-diskless-sync-delay 0", "client-output-buffer-limit replica 2mb 0 0");
        using var replica = ServerProcess.Start(ServerKind.Starling, "save ", "replicaof 127.0.0.1 " + RunningServer.Text(master.Port));
        Wait.Until("the replica is in sync", () => replica.Info("replication", "master_link_status") == "up");
        replica.Pause();
        var value = new string('x', 1_000_000);
        Wait.Until("the replica is dropped", () =>
        {
            master.Text("SET", "k", value);
            return int.Parse(master.Info("stats", "client_output_buffer_limit_disconnections")!, CultureInfo.InvariantCulture) > 0;
        });
        replica.Resume();
    }

    private static string[] Words(RespConnection connection) =>
        [.. ((object?[])connection.Read()!).Select(word => word?.ToString() ?? "")];
}
