using System.Globalization;
using Starling.Node.Telemetry;

namespace Starling.Node.Persistence;

/// <summary>How far loading is, for INFO and the LOADING gate. One loader writes, any thread reads.</summary>
internal sealed class LoadingProgress
{
    private volatile bool _isLoading;
    private long _startedAt;
    private long _totalBytes;
    private long _loadedBytes;
    private long _usedMemory;

    /// <summary>True from <see cref="Begin"/> to <see cref="End"/>.</summary>
    public bool IsLoading => _isLoading;

    /// <summary>Keys that the last load put into the keyspace.</summary>
    public long KeysLoaded { get; set; }

    /// <summary>Keys that the last load dropped.</summary>
    public long KeysExpired { get; set; }

    /// <summary>Bytes understood so far.</summary>
    public long LoadedBytes
    {
        get => Volatile.Read(ref _loadedBytes);
        set => Volatile.Write(ref _loadedBytes, value);
    }

    /// <summary>Bytes of memory that the writer of the stream had in use.</summary>
    public long UsedMemory
    {
        get => Volatile.Read(ref _usedMemory);
        set => Volatile.Write(ref _usedMemory, value);
    }

    public void Begin(long nowMilliseconds, long totalBytes)
    {
        _startedAt = nowMilliseconds / 1000;
        _totalBytes = Math.Max(0, totalBytes);
        LoadedBytes = 0;
        UsedMemory = 0;
        KeysLoaded = 0;
        KeysExpired = 0;
        _isLoading = true;
    }

    public void End() => _isLoading = false;

    /// <summary>Writes INFO's loading_ fields.</summary>
    public void Describe(InfoWriter info, long nowMilliseconds)
    {
        var loaded = LoadedBytes;
        var whole = _totalBytes > 0 ? _totalBytes : Math.Max(UsedMemory, 0);
        var percentage = whole > 0 ? 100.0 * loaded / whole : 0;
        var remaining = whole > 0 ? Math.Max(0, whole - loaded) : 1;
        var elapsed = (nowMilliseconds / 1000) - _startedAt;
        var eta = elapsed == 0 ? 1 : (long)((double)elapsed * remaining / (loaded + 1));
        info.Field("loading_start_time", _startedAt);
        info.Field("loading_total_bytes", _totalBytes);
        info.Field("loading_rdb_used_mem", UsedMemory);
        info.Field("loading_loaded_bytes", loaded);
        info.Field("loading_loaded_perc", percentage.ToString("F2", CultureInfo.InvariantCulture));
        info.Field("loading_eta_seconds", eta);
    }
}
