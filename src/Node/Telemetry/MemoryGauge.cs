using Starling.Slots.Keyspace;

namespace Starling.Node.Telemetry;

/// <summary>
/// The memory in use: native memory as it is, the managed heap as the last collection left it, when it was last looked at,
/// which the cron sees to. What decides by it (eviction) and what shows it (INFO) see the same. Any thread.
/// </summary>
/// <remarks>
/// Garbage is not in use, and would have keys evicted for nothing: so what was allocated since the last collection does not
/// count. Once that is much, young objects are collected: the runtime may put it off for longer than memory lasts (it lets
/// as much gather as the processor's caches hold, hundreds of mebibytes on some), and only then is it known what of it is
/// in use, such as what MULTI has queued. Some garbage survives such collections: so the least that was left counts, until
/// there is so much more that it cannot be garbage alone.
/// </remarks>
public sealed class MemoryGauge(Keyspace keyspace)
{
    /// <summary>Garbage that collections of young objects may leave.</summary>
    private const long MostGarbage = 6 << 20;

    /// <summary>As much may have been allocated since the last collection before there is another.</summary>
    private const long MostUncollected = 8 << 20;

    private long _managedBytes;
    private long _allocatedBytes; // ever, when the last collection was noted
    private int _collections;
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
        NoteCollection();
        if (GC.GetTotalAllocatedBytes(precise: false) - Volatile.Read(ref _allocatedBytes) > MostUncollected)
        {
            GC.Collect(0, GCCollectionMode.Forced, blocking: true);
            NoteCollection();
        }

        NotePeak();
    }

    /// <summary>Takes what the last collection left, if there was one since the last look.</summary>
    private void NoteCollection()
    {
        var collections = GC.CollectionCount(0);
        var before = ManagedBytes;
        if (before == 0 || collections != Volatile.Read(ref _collections))
        {
            Volatile.Write(ref _collections, collections);
            Volatile.Write(ref _allocatedBytes, GC.GetTotalAllocatedBytes(precise: false));
            var left = LeftByCollection(collections);
            if (before == 0 || left < before || left > before + MostGarbage) Volatile.Write(ref _managedBytes, left);
        }
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

    /// <summary>Bytes that the last collection left; all that there are when there was none yet.</summary>
    private static long LeftByCollection(int collections)
    {
        var heap = GC.GetGCMemoryInfo(GCKind.Any);
        return collections == 0 || heap.HeapSizeBytes == 0
            ? Math.Max(1, GC.GetTotalMemory(forceFullCollection: false))
            : Math.Max(1, heap.HeapSizeBytes - heap.FragmentedBytes);
    }
}
