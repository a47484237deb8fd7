using System.Globalization;

namespace Starling.Serving;

/// <summary>
/// How much memory the process may have (the machine's, or a container's limit), and what of it is left to the managed
/// heap by everything else: the data set, code, stacks. The runtime limits its heap to three quarters of a container's
/// memory, whatever else the process has there; beyond the container's limit the system ends the process. The cron's, but
/// for the properties.
/// </summary>
public sealed class ProcessMemory
{
    private const string Pages = "/proc/self/statm";
    private const string Status = "/proc/self/status";
    private const string FilePages = "RssFile:"; // in KiB

    // The system can take the pages of code, but half of them are needed again and again: a process that waits for its
    // code all the time serves nobody, and where there is nothing left to take, it is ended.
    private const int NeededCodePart = 2;

    // Of what the heap may have: garbage that gathers before the runtime collects it, and what lies free between objects.
    // Where the memory is nearly full the runtime collects everything each time, and stops every thread for that.
    private const int ReservedHeapPart = 4;

    // Of what data and heap may have together; also the least that the heap may have.
    private const int ReservedPart = 8;

    private long _heapBytes = long.MaxValue;
    private long _dataBytes = long.MaxValue;
    private long _freeBytes = long.MaxValue;
    private long _codeBytes; // the cron's

    /// <summary>
    /// Bytes that the managed heap may have, with what everything else takes now; <see cref="long.MaxValue"/> while that is
    /// not known.
    /// </summary>
    public long HeapBytes => Volatile.Read(ref _heapBytes);

    /// <summary>
    /// Bytes that data and managed heap may have together, beside what the process took for itself at its start;
    /// <see cref="long.MaxValue"/> while that is not known. It does not change any more: what evicts by it must not see less
    /// of it for what it has evicted and the system does not have back yet.
    /// </summary>
    public long DataBytes => Volatile.Read(ref _dataBytes);

    /// <summary>Bytes that nothing in the process has taken yet; <see cref="long.MaxValue"/> while that is not known.</summary>
    public long FreeBytes => Volatile.Read(ref _freeBytes);

    /// <summary>Notes what the process takes for itself.</summary>
    /// <param name="dataBytes">Bytes of native memory that hold data by now.</param>
    public void NoteStart(long dataBytes)
    {
        // The runtime tells what it may have once it has collected.
        if (GC.GetGCMemoryInfo(GCKind.Any).Index == 0) GC.Collect(0, GCCollectionMode.Forced, blocking: true);
        Sample();
        if (Read() is not var (most, others, _)) return;

        // The runtime's memory for compiled code is told as if it were a file's, though no file has it.
        var code = ReadFileBytes() is { } files ? Math.Max(0, _codeBytes - files) + (files / NeededCodePart) : _codeBytes;
        Volatile.Write(ref _dataBytes, Without(ReservedPart, most - code - Math.Max(0, others - dataBytes)));
    }

    /// <summary>Looks again. Where the system does not say, or no descriptor is free to ask it, what was known goes on.</summary>
    public void Sample()
    {
        if (Read() is not { } read) return;
        var (most, others, heap) = read;
        Volatile.Write(ref _freeBytes, Math.Max(0, most - others - _codeBytes - heap));

        // However much of it the data take, there must be some for who asks to delete them.
        Volatile.Write(ref _heapBytes, Math.Max(most / ReservedPart, Without(ReservedHeapPart, most - others - _codeBytes)));
    }

    private static long Without(int part, long bytes) => Math.Max(0, bytes - (bytes / part));

    /// <summary>The bytes that the process may have, those that it has beside its managed heap and its files, and those of the heap.</summary>
    private (long Most, long Others, long Heap)? Read()
    {
        // Nine tenths of the machine's memory or of the container's, whether or not the heap has a limit of its own.
        var info = GC.GetGCMemoryInfo(GCKind.Any);
        var most = info.HighMemoryLoadThresholdBytes;
        if (most <= 0 || ReadPages() is not { } pages) return null;
        var (resident, shared) = pages;

        // The system takes the code's pages when memory is short, and reads them again at once: that must not come about for
        // buffers. So the most that there were count.
        _codeBytes = Math.Max(_codeBytes, shared * Environment.SystemPageSize);

        // What was committed is told as of the last collection.
        var heap = Math.Max(info.TotalCommittedBytes, GC.GetTotalMemory(forceFullCollection: false));
        return (most, Math.Max(0, ((resident - shared) * Environment.SystemPageSize) - heap), heap);
    }

    /// <summary>Bytes of files in physical memory; null where the system does not say.</summary>
    private static long? ReadFileBytes()
    {
        try
        {
            foreach (var line in File.ReadLines(Status))
            {
                if (!line.StartsWith(FilePages, StringComparison.Ordinal)) continue;
                var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                return words.Length > 1 && long.TryParse(words[1], CultureInfo.InvariantCulture, out var kibibytes) ? kibibytes * 1024 : null;
            }

            return null;
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Pages in physical memory, and those of them that are files'.</summary>
    private static (long Resident, long Shared)? ReadPages()
    {
        try
        {
            var words = File.ReadAllText(Pages).Split(' ');
            return words.Length > 2
                && long.TryParse(words[1], CultureInfo.InvariantCulture, out var resident)
                && long.TryParse(words[2], CultureInfo.InvariantCulture, out var shared)
                ? (resident, shared)
                : null;
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
