using Starling.Node.Telemetry;

namespace Starling.Node.Persistence;

/// <summary>INFO's section persistence, with Redis's fields in Redis's order.</summary>
internal static class PersistenceInfo
{
    public static void Write(
        InfoWriter info,
        LoadingProgress loading,
        SaveRecord saves,
        SnapshotSession? current,
        long nowMilliseconds)
    {
        info.Field("loading", loading.IsLoading);
        info.Field("async_loading", false);
        WriteCurrent(info, current);
        info.Field("rdb_changes_since_last_save", saves.Changes);
        info.Field("rdb_bgsave_in_progress", current is not null);
        info.Field("rdb_last_save_time", saves.LastSaveTime);
        info.Field("rdb_last_bgsave_status", saves.LastSaveSucceeded ? "ok" : "err");
        info.Field("rdb_last_bgsave_time_sec", saves.LastBackgroundSeconds);
        info.Field(
            "rdb_current_bgsave_time_sec",
            current is { StartedAt: > 0 } ? (nowMilliseconds - current.StartedAt) / 1000 : -1);
        info.Field("rdb_saves", saves.Saves);
        info.Field("rdb_last_cow_size", saves.LastBufferedBytes);
        info.Field("rdb_last_load_keys_expired", loading.KeysExpired);
        info.Field("rdb_last_load_keys_loaded", loading.KeysLoaded);
        WriteAppendOnly(info);
        info.Field("module_fork_in_progress", false);
        info.Field("module_fork_last_cow_size", 0);
        if (loading.IsLoading) loading.Describe(info, nowMilliseconds);
    }

    private static void WriteCurrent(InfoWriter info, SnapshotSession? current)
    {
        var total = current?.KeysTotal ?? 0;
        var processed = current?.KeysWritten ?? 0;
        var percentage = total > 0 ? 100.0 * processed / total : 0;
        info.Field("current_cow_peak", current?.PeakBufferedBytes ?? 0);
        info.Field("current_cow_size", current?.PeakBufferedBytes ?? 0);
        info.Field("current_cow_size_age", 0);
        info.Field("current_fork_perc", FormattableString.Invariant($"{percentage:F2}"));
        info.Field("current_save_keys_processed", processed);
        info.Field("current_save_keys_total", total);
    }

    private static void WriteAppendOnly(InfoWriter info)
    {
        info.Field("aof_enabled", false);
        info.Field("aof_rewrite_in_progress", false);
        info.Field("aof_rewrite_scheduled", false);
        info.Field("aof_last_rewrite_time_sec", -1);
        info.Field("aof_current_rewrite_time_sec", -1);
        info.Field("aof_last_bgrewrite_status", "ok");
        info.Field("aof_rewrites", 0);
        info.Field("aof_rewrites_consecutive_failures", 0);
        info.Field("aof_last_write_status", "ok");
        info.Field("aof_last_cow_size", 0);
    }
}
