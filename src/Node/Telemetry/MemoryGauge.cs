using Starling.Slots.Keyspace;

namespace Starling.Node.Telemetry;

/// <summary>
/// The memory in use: native memory as it is, the managed heap as it was when it was last looked at, which the cron sees to.
/// What decides by it (eviction) and what shows it (INFO) see the same. Any thread.
/// </summary>
/// <remarks>
/// Garbage is not in use, but nobody can tell how much of the heap it is. It comes and goes by some mebibytes, which would have
/// keys evicted for nothing: so the least that was seen counts, until there is so much more that it cannot be garbage alone.
/// </remarks>
public sealed class MemoryGauge(Keyspace keyspace)
{
    /// <summary>Garbage that may gather before it is collected, with what comes in the meantime.</summary>
    private const long MostGarbage = 6 << 20;

    private long _managedBytes;
    private long _peakBytes;

    /// <summary>Bytes of the managed heap in use.</summary>
    public long ManagedBytes => Volatile.Read(ref _managedBytes);

    /// <summary>Bytes in use: the data set, what is kept for snapshots, and the managed heap (INFO used_memory).</summary>
    public long UsedBytes => keyspace.UsedBytes + ManagedBytes;

    /// <summary>The most bytes that were in use, as far as anybody looked.</summary>
    public long PeakBytes => Volatile.Read(ref _peakBytes);

    /// <summary>The bytes that were in use at the server's start.</summary>
    public long StartBytes { get; private set; }

    /// <summary>Notes the bytes in use at the server's start.</summary>
    public void NoteStart()
    {
        Sample();
        StartBytes = UsedBytes;
    }

    /// <summary>Looks at the managed heap, and notes the peak.</summary>
    public void Sample()
    {
        // While a collection runs in the background the runtime may count more as freed than there was.
        var total = Math.Max(0, GC.GetTotalMemory(forceFullCollection: false));
        var before = ManagedBytes;
        if (before == 0 || total < before || total > before + MostGarbage) Volatile.Write(ref _managedBytes, total);
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
