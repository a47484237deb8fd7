using Starling.Node.Config;
using Starling.Node.Persistence;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Persistence;

public sealed class SaveAndLoadTests
{
    [Fact]
    public void A_saved_file_is_loaded_at_start_and_passes_redis_check_rdb()
    {
        using var host = new PersistenceHost();
        var entries = RdbExchangeTests.Sample();
        foreach (var entry in entries) host.Set(entry);
        Assert.True(host.Save());
        Assert.Equal(["dump.rdb"], Directory.GetFiles(host.Folder).Select(Path.GetFileName));
        Assert.Equal(0, RdbExchangeTests.CheckRdb(host.File));

        using var second = new PersistenceHost(host.Folder);
        Assert.True(second.Persistence.LoadAtStart());
        Assert.Equal(SnapshotTests.Sorted(entries), SnapshotTests.Sorted(second.All()));
        Assert.Contains($"Done loading RDB, keys loaded: {entries.Count}, keys expired: 0.", second.Lines);
        Assert.Contains("Loading RDB produced by version 7.2.4", second.Lines);
        Assert.Contains(second.Lines, line => line.StartsWith("DB loaded from disk: ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_master_drops_what_expired_and_a_replica_keeps_it()
    {
        var bytes = RdbBytes.Make([new RdbEntry("old", "x", 1000), new RdbEntry("new", "y", 9_000_000_000_000)]);
        using var host = new PersistenceHost();
        File.WriteAllBytes(host.File, bytes);
        Assert.True(host.Persistence.LoadAtStart());
        Assert.Equal([new RdbEntry("new", "y", 9_000_000_000_000)], host.All());
        Assert.Contains("Done loading RDB, keys loaded: 1, keys expired: 1.", host.Lines);

        using var replica = new PersistenceHost();
        Assert.Equal(2, replica.Persistence.Load(new MemoryStream(bytes), new RdbLoadOptions { KeepExpired = true }).KeysLoaded);
    }

    [Fact]
    public void Without_a_file_the_start_goes_on() => Assert.True(LoadsAtStart(null, out _));

    [Fact]
    public void A_damaged_file_is_refused_and_left_as_it_is()
    {
        var good = RdbBytes.Make([new RdbEntry("a", new string('b', 100)), new RdbEntry("c", "d")]);
        byte[] flipped = [.. good];
        flipped[^3] ^= 8;
        Assert.False(LoadsAtStart(flipped, out var lines));
        Assert.Contains(lines, line => line.StartsWith("Wrong RDB checksum expected: (", StringComparison.Ordinal));
        Assert.False(LoadsAtStart(good[..^20], out lines));
        Assert.Contains("Short read or OOM loading DB. Unrecoverable error, aborting now.", lines);
        Assert.Contains("Fatal error loading the DB, check server logs. Exiting.", lines);
        Assert.False(LoadsAtStart([], out lines));
        Assert.False(LoadsAtStart("RUBBISH.."u8.ToArray(), out lines));
        Assert.Contains("Wrong signature trying to load DB from file", lines);
    }

    [Fact]
    public void Keys_twice_in_a_file_and_unknown_databases_are_refused()
    {
        Assert.False(LoadsAtStart(RdbBytes.Make([new RdbEntry("a", "b"), new RdbEntry("a", "c")]), out var lines));
        Assert.Contains("RDB has duplicated key 'a' in DB 0", lines);
        Assert.False(LoadsAtStart(RdbBytes.Make([new RdbEntry("a", "b", -1, 16)]), out lines));
        Assert.Contains(lines, line => line.StartsWith("FATAL: Data file was created with a Redis server", StringComparison.Ordinal));
    }

    [Fact]
    public void A_failed_save_refuses_writes_until_one_succeeds_and_leaves_the_old_file()
    {
        using var host = new PersistenceHost();
        host.Server.Config.Save = [new SavePoint(60, 1)];
        host.Set("a", "1");
        Assert.True(host.Save());
        var old = File.ReadAllBytes(host.File);

        // A folder in the place of the temporary file.
        var obstacle = Path.Combine(host.Folder, $"temp-{Environment.ProcessId}.rdb");
        Directory.CreateDirectory(obstacle);
        host.Persistence.CountChanges(5);
        Assert.False(host.Save(background: true));
        Assert.True(host.Persistence.RefusesWrites);
        Assert.Equal("err", Info(host, "rdb_last_bgsave_status"));
        Assert.Contains("Background saving error", host.Lines);
        Assert.Equal(old, File.ReadAllBytes(host.File));
        Assert.Equal(5, host.Persistence.ChangesSinceLastSave);
        host.Server.Config.StopWritesOnBgsaveError = false;
        Assert.False(host.Persistence.RefusesWrites);
        host.Server.Config.StopWritesOnBgsaveError = true;

        Directory.Delete(obstacle);
        Assert.True(host.Save(background: true));
        Assert.False(host.Persistence.RefusesWrites);
        Assert.Equal(0, host.Persistence.ChangesSinceLastSave);
    }

    [Fact]
    public void A_rename_that_fails_leaves_no_temporary_file()
    {
        using var host = new PersistenceHost();
        Directory.CreateDirectory(Path.Combine(host.Folder, "dump.rdb", "inside"));
        Assert.False(host.Save());
        Assert.Equal([], Directory.GetFiles(host.Folder));
    }

    [Fact]
    public void Save_points_count_changes_and_time()
    {
        using var host = new PersistenceHost();
        host.Server.Config.Save = [new SavePoint(60, 10), new SavePoint(10, 1000)];
        var now = host.Server.NowMilliseconds;
        host.Persistence.CountChanges(9);
        host.Persistence.SaveWhenDue(now + 100_000);
        host.Persistence.CountChanges(1);
        host.Persistence.SaveWhenDue(now + 30_000);
        Assert.False(File.Exists(host.File));
        host.Persistence.SaveWhenDue(now + 62_000);
        Wait.Until("the save point saves", () => host.Persistence.ChangesSinceLastSave == 0 && !host.Persistence.IsSaving);
        Assert.True(File.Exists(host.File));
        Assert.Contains("10 changes in 60 seconds. Saving...", host.Lines);
        Assert.Contains("Background saving terminated with success", host.Lines);
    }

    [Fact]
    public void A_scheduled_save_and_FLUSHALL_save_at_the_next_tick()
    {
        using var host = new PersistenceHost();
        host.Persistence.OnFlushAll(1);
        host.Persistence.SaveWhenDue(host.Server.NowMilliseconds);
        Assert.False(host.Persistence.IsSaving || File.Exists(host.File));
        host.Persistence.ScheduleSave();
        host.Persistence.SaveWhenDue(host.Server.NowMilliseconds);
        Wait.Until("the scheduled save is done", () => File.Exists(host.File) && !host.Persistence.IsSaving);
        Assert.Equal("1", Info(host, "rdb_saves"));
    }

    [Fact]
    public void Reload_saves_empties_and_loads()
    {
        using var host = new PersistenceHost();
        host.Set("a", "1");
        Assert.Null(host.Reload());
        Assert.Equal([new RdbEntry("a", "1")], host.All());
        host.Set("a", "2");
        host.Set("b", "3");
        Assert.Equal("ERR Error trying to load the RDB dump", host.Reload(save: false, flush: false));
        Assert.Null(host.Reload(save: false, flush: false, merge: true));
        Assert.Equal(["0/61=31(1)@-1", "0/62=33(1)@-1"], SnapshotTests.Sorted(host.All()));
        Assert.Null(host.Reload(save: false));
        Assert.Equal([new RdbEntry("a", "1")], host.All());
    }

    [Fact]
    public void Shutdown_ends_a_snapshot_under_way_and_saves()
    {
        using var host = new PersistenceHost();
        host.Set("a", "1");
        var target = new CollectingTarget();
        target.Gate.Reset();
        var session = host.Persistence.StartSnapshot(target, new SnapshotOptions());
        Assert.True(target.WaitUntilReached());
        Assert.True(host.Persistence.SaveOnShutdown());
        Assert.True(session.Wait(TimeSpan.FromSeconds(90)));
        Assert.Equal(SnapshotState.Cancelled, session.State);
        Assert.Equal([new RdbEntry("a", "1")], RdbBytes.Read(File.ReadAllBytes(host.File), out _));
    }

    [Fact]
    public void Info_has_every_field_of_Redis()
    {
        using var host = new PersistenceHost();
        string[] fields =
        [
            "loading", "async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age", "current_fork_perc",
            "current_save_keys_processed", "current_save_keys_total", "rdb_changes_since_last_save", "rdb_bgsave_in_progress",
            "rdb_last_save_time", "rdb_last_bgsave_status", "rdb_last_bgsave_time_sec", "rdb_current_bgsave_time_sec", "rdb_saves",
            "rdb_last_cow_size", "rdb_last_load_keys_expired", "rdb_last_load_keys_loaded", "aof_enabled", "aof_rewrite_in_progress",
            "aof_rewrite_scheduled", "aof_last_rewrite_time_sec", "aof_current_rewrite_time_sec", "aof_last_bgrewrite_status",
            "aof_rewrites", "aof_rewrites_consecutive_failures", "aof_last_write_status", "aof_last_cow_size",
            "module_fork_in_progress", "module_fork_last_cow_size",
        ];
        var lines = host.Server.Info.Render(["persistence"]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(fields, lines.Skip(1).Select(line => line.Split(':')[0]));
    }

    private static string? Info(PersistenceHost host, string field) =>
        RespConnection.Field(host.Server.Info.Render(["persistence"]), field);

    private static bool LoadsAtStart(byte[]? file, out string[] lines)
    {
        using var host = new PersistenceHost();
        if (file is not null) File.WriteAllBytes(host.File, file);
        var isLoaded = host.Persistence.LoadAtStart();
        lines = [.. host.Lines];
        if (file is not null) Assert.Equal(file, File.ReadAllBytes(host.File));
        return isLoaded;
    }

    [Theory]
    [InlineData(15, true)]
    [InlineData(16, false)]
    public void A_stream_that_goes_on_in_a_database_that_is_not_there_gives_no_position(int database, bool isUsable)
    {
        using var host = new PersistenceHost();
        var position = new ReplicationPosition(new string('a', 40), 77, database);
        var bytes = RdbBytes.Make(writer => writer.StandardFields(1_700_000_000_000, 1, position));
        var result = host.Persistence.Load(new MemoryStream(bytes), new RdbLoadOptions());
        Assert.Equal(isUsable ? position : null, result.Position);
    }
}
