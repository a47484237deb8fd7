using Starling.Slots.Keyspace;

namespace Starling.Node.Telemetry;

/// <summary>
/// The memory in use: native memory as it is, the managed heap as it was when it was last looked at, which the cron sees to.
/// What decides by it (eviction) and what shows it (INFO) see the same. Any thread.
/// </summary>
public sealed class MemoryGauge(Keyspace keyspace)
{
    private long _managedBytes;
    private long _peakBytes;

    /// <summary>Bytes of the managed heap, garbage that was not collected yet included.</summary>
    public long ManagedBytes => Volatile.Read(ref _managedBytes);

    /// <summary>Bytes in use: the data set, what is kept for snapshots, and the managed heap (INFO used_memory).</summary>
    public long UsedBytes => keyspace.UsedBytes + ManagedBytes;

    /// <summary>The most bytes that were in use, as far as anybody looked.</summary>
    public long PeakBytes => Volatile.Read(ref _peakBytes);

    /// <summary>Looks at the managed heap, and notes the peak.</summary>
    public void Sample()
    {
        // While a collection runs in the background the runtime may count more as freed than there was.
        Volatile.Write(ref _managedBytes, Math.Max(0, GC.GetTotalMemory(forceFullCollection: false)));
        NotePeak();
    }

    /// <summary>Notes the bytes in use for the peak; answers the peak.</summary>
    public long NotePeak()
    {
        var used = UsedBytes;
        var peak = Volatile.Read(ref _peakBytes);
        while (used > peak)
        {
            var seen = Interlocked.CompareExchange(ref _peakBytes, used, peak);
            if (seen == peak) return used;
            peak = seen;
        }

        return peak;
    }

    /// <summary>Begins with the peak anew (CONFIG RESETSTAT).</summary>
    public void ResetPeak() => Interlocked.Exchange(ref _peakBytes, UsedBytes);
}
