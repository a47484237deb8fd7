using System.Globalization;
using Starling.Tests.Support;

namespace Starling.EndToEnd.Tests;

/// <summary>RDB files and DUMP payloads of real processes.</summary>
public class PersistenceTests
{
    [Fact]
    public void Keys_survive_a_stop_and_a_start()
    {
        using var server = ServerProcess.Start(ServerKind.Starling);
        server.Text("SET", "a", "1");
        server.Text("SET", "b", "2", "PXAT", "9000000000000");
        Assert.Equal(0, server.Stop());
        server.Start();
        Assert.Equal("1", server.Text("GET", "a"));
        Assert.Equal("9000000000000", server.Text("PEXPIRETIME", "b"));
        Assert.Equal("2", server.Info("persistence", "rdb_last_load_keys_loaded"));
        Assert.Contains("DB loaded from disk: ", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_redis_server_are_loaded_and_the_other_way_round()
    {
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var starling = ServerProcess.Create(ServerKind.Starling, "save ");
        Fill(redis);
        redis.Text("SAVE");
        Copy(redis, starling);
        starling.Start();
        var digest = redis.Text("DEBUG", "DIGEST");
        Assert.Equal(digest, starling.Text("DEBUG", "DIGEST"));

        starling.Text("SET", "more", new string('m', 5000));
        starling.Text("PEXPIREAT", "more", "9000000000000");
        Assert.Equal("OK", starling.Text("SAVE"));
        redis.Kill();
        Copy(starling, redis);
        redis.Start();
        Assert.Equal(starling.Text("DEBUG", "DIGEST"), redis.Text("DEBUG", "DIGEST"));
        Assert.Equal("9000000000000", redis.Text("PEXPIRETIME", "more"));
    }

    [Fact]
    public void A_damaged_file_ends_the_start_with_exit_code_1()
    {
        using var server = ServerProcess.Create(ServerKind.Starling, "save ");
        var path = Path.Combine(server.Folder, "dump.rdb");
        byte[] damaged = [.. "REDIS0010"u8, 0xFE, 0, 0, 5, (byte)'a'];
        File.WriteAllBytes(path, damaged);
        var exited = Assert.Throws<ServerExitedException>(server.Start);
        Assert.Contains("exited with 1", exited.Message, StringComparison.Ordinal);
        Assert.Contains("Short read or OOM loading DB. Unrecoverable error, aborting now.", server.Log, StringComparison.Ordinal);
        Assert.Equal(damaged, File.ReadAllBytes(path));
    }

    [Fact]
    public void A_kill_during_a_save_leaves_the_old_file_or_the_new_one()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ");
        server.Text("DEBUG", "POPULATE", "300000", "key", "100");
        server.Text("SET", "generation", "0");
        Assert.Equal("OK", server.Text("SAVE"));
        for (var round = 1; round <= 3; round++)
        {
            var temporary = Path.Combine(server.Folder, FormattableString.Invariant($"temp-{server.Id}.rdb"));
            server.Text("SET", "generation", round.ToString(CultureInfo.InvariantCulture));
            Assert.Equal("Background saving started", server.Text("BGSAVE"));
            Wait.Until("the save is under way or done", () =>
                File.Exists(temporary) || server.Info("persistence", "rdb_bgsave_in_progress") == "0");
            server.Kill();
            server.Start();
            Assert.Equal("300001", server.Text("DBSIZE"));
            Assert.InRange(long.Parse(server.Text("GET", "generation"), CultureInfo.InvariantCulture), 0, round);
        }
    }

    [Fact]
    public void Writes_are_refused_while_saves_fail()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save 3600 1");
        var obstacle = Path.Combine(server.Folder, FormattableString.Invariant($"temp-{server.Id}.rdb"));
        Directory.CreateDirectory(obstacle);
        server.Text("SET", "a", "1");
        Assert.Equal("ERR", Assert.IsType<RespError>(server.Call("SAVE")).Text);
        Assert.Equal("ok", server.Info("persistence", "rdb_last_bgsave_status")); // who asked for it knows
        Assert.Equal("OK", server.Text("SET", "a", "1"));
        server.Text("BGSAVE");
        Wait.Until("the save failed", () => server.Info("persistence", "rdb_last_bgsave_status") == "err");
        Assert.Equal(
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify " +
            "the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails " +
            "(stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error.",
            Assert.IsType<RespError>(server.Call("SET", "a", "2")).Text);
        Assert.Equal("1", server.Text("GET", "a"));
        Directory.Delete(obstacle);
        server.Text("BGSAVE");
        Wait.Until("the save succeeded", () => server.Info("persistence", "rdb_last_bgsave_status") == "ok");
        Assert.Equal("OK", server.Text("SET", "a", "2"));
    }

    [Theory]
    [InlineData("SAVE")]
    [InlineData("SHUTDOWN")]
    [InlineData("SHUTDOWN SAVE")]
    [InlineData("DEBUG RELOAD")]
    [InlineData("BGSAVE")]
    public void Only_a_background_save_that_fails_refuses_writes_as_with_redis_server(string command)
    {
        var answers = new List<string>();
        foreach (var kind in (ServerKind[])[ServerKind.Redis, ServerKind.Starling])
        {
            using var server = ServerProcess.Start(kind, "save 3600 1", "enable-debug-command yes");
            Assert.Equal("OK", server.Text("SET", "a", "1"));
            Directory.CreateDirectory(Path.Combine(server.Folder, "dump.rdb", "inside"));
            var reply = server.Call(command.Split(' '))!.ToString();
            Wait.Until("no save is under way", () => server.Info("persistence", "rdb_bgsave_in_progress") == "0");
            var write = server.Call("SET", "a", "2")!.ToString();
            var ping = server.Call("PING")!.ToString();
            answers.Add($"{reply} {server.Info("persistence", "rdb_last_bgsave_status")} {write} {ping}");
            Directory.Delete(Path.Combine(server.Folder, "dump.rdb"), recursive: true);
        }

        Assert.Equal(answers[0], answers[1]);
    }

    [Fact]
    public void A_save_point_saves_by_itself()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save 1 3");
        for (var i = 0; i < 3; i++) server.Text("SET", "a" + i.ToString(CultureInfo.InvariantCulture), "x");
        Wait.Until("saved", () => server.Info("persistence", "rdb_changes_since_last_save") == "0");
        server.Kill();
        server.Start();
        Assert.Equal("3", server.Text("DBSIZE"));
    }

    [Fact]
    public void Dump_and_restore_answer_as_redis_server_does()
    {
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var starling = ServerProcess.Start(ServerKind.Starling, "save ");
        using var left = redis.Connect();
        using var right = starling.Connect();
        string[] values = ["", "x", "12345", "-129", "9223372036854775807", new('a', 200), string.Concat(Enumerable.Repeat("\u00ff\u0000", 90))];
        foreach (var value in values)
        {
            left.Text("SET", "key", value);
            right.Text("SET", "key", value);
            Assert.Equal("OK", right.Text("RESTORE", "key", "0", left.Text("DUMP", "key"), "REPLACE"));
            Assert.Equal("OK", left.Text("RESTORE", "key", "0", right.Text("DUMP", "key"), "REPLACE"));
            Assert.Equal(value, right.Text("GET", "key"));
            Assert.Equal(value, left.Text("GET", "key"));
        }

        var payload = left.Text("DUMP", "key");
        string[][] calls =
        [
            ["DUMP", "missing"],
            ["RESTORE", "key", "0", payload],
            ["RESTORE", "new", "-1", payload],
            ["RESTORE", "new", "x", payload],
            ["RESTORE", "new", "0", payload + "x"],
            ["RESTORE", "new", "0", ""],
            ["RESTORE", "new", "0", payload, "NONSENSE"],
            ["RESTORE", "new", "0", payload, "IDLETIME"],
            ["RESTORE", "new", "0", payload, "IDLETIME", "-1"],
            ["RESTORE", "new", "0", payload, "FREQ", "256"],
            ["RESTORE", "new", "0", payload, "FREQ", "1", "IDLETIME", "1"],
            ["RESTORE", "new", "0", payload, "IDLETIME", "1000"],
            ["OBJECT", "IDLETIME", "new"],
            ["RESTORE", "key", "9000000000000", payload, "ABSTTL", "REPLACE"],
            ["PEXPIRETIME", "key"],
            ["RESTORE", "key", "1", payload, "ABSTTL", "REPLACE"],
            ["EXISTS", "key"],
            ["RESTORE", "key", "100000", payload],
            ["TTL", "key"],
            ["RESTORE", "key"],
            ["SAVE", "x"],
            ["BGSAVE", "x"],
            ["BGSAVE", "schedule", "x"],
        ];
        foreach (var call in calls)
            Assert.Equal((string.Join(' ', call), left.Call(call)?.ToString()), (string.Join(' ', call), right.Call(call)?.ToString()));
    }

    [Fact]
    public void Reload_keeps_the_data()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ");
        Fill(server);
        var digest = server.Text("DEBUG", "DIGEST");
        Assert.Equal("OK", server.Text("DEBUG", "RELOAD"));
        Assert.Equal(digest, server.Text("DEBUG", "DIGEST"));
        server.Text("SET", "later", "x");
        Assert.Equal("OK", server.Text("DEBUG", "RELOAD", "NOSAVE"));
        Assert.Equal(digest, server.Text("DEBUG", "DIGEST"));
    }

    [Fact]
    public void A_save_inside_a_transaction_is_scheduled()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ");
        using var connection = server.Connect();
        connection.Text("MULTI");
        connection.Text("SET", "a", "1");
        connection.Text("BGSAVE");
        connection.Text("SET", "b", "2");
        var replies = Assert.IsType<object?[]>(connection.Call("EXEC"));
        Assert.Equal("Background saving scheduled", replies[1]);
        Wait.Until("saved", () => server.Info("persistence", "rdb_changes_since_last_save") == "0");
        server.Kill();
        server.Start();
        Assert.Equal("2", server.Text("DBSIZE"));
    }

    private static void Fill(ServerProcess server)
    {
        using var connection = server.Connect();
        for (var i = 0; i < 500; i++)
        {
            var key = "key:" + i.ToString(CultureInfo.InvariantCulture);
            connection.Text("SET", key, (i % 3) switch
            {
                0 => (i * 977).ToString(CultureInfo.InvariantCulture),
                1 => new string((char)('a' + (i % 26)), i),
                _ => key + "\u0000\u00fe" + key,
            });
            if (i % 5 == 0) connection.Text("PEXPIREAT", key, "9000000000000");
        }

        connection.Text("SELECT", "9");
        connection.Text("SET", "elsewhere", "x");
    }

    private static void Copy(ServerProcess from, ServerProcess to) =>
        File.Copy(Path.Combine(from.Folder, "dump.rdb"), Path.Combine(to.Folder, "dump.rdb"), overwrite: true);
}
