using System.Runtime.InteropServices;

namespace Starling.Serving;

/// <summary>
/// How many descriptors the process may have open (<c>ulimit -n</c>), and how many of them clients may take. The rest
/// is for the server itself: its files, its links to other nodes, and what the runtime needs to start a thread.
/// </summary>
public static class DescriptorLimit
{
    // With so few, room for clients counts more than room for many files at once.
    private const int Few = 192;

    private const int OpenFiles = 7; // RLIMIT_NOFILE of Linux
    private const string Folder = "/proc/self/fd";

    /// <summary>
    /// The limit in force; it can be changed from outside at any time. <see cref="long.MaxValue"/> where there is none
    /// or the system does not say. Needs no descriptor.
    /// </summary>
    public static long Most
    {
        get
        {
            if (!OperatingSystem.IsLinux() || GetLimit(OpenFiles, out var limit) != 0) return long.MaxValue;
            return (long)Math.Min(limit.Soft, long.MaxValue);
        }
    }

    /// <summary>
    /// Descriptors that no client gets, beside those that the server holds when it begins to accept clients.
    /// </summary>
    public static int Reserve => Most <= Few ? 16 : 32;

    /// <summary>Descriptors that are open now; null where the system does not say.</summary>
    public static int? CountOpen()
    {
        if (!Directory.Exists(Folder)) return null;
        try
        {
            return Directory.EnumerateFileSystemEntries(Folder).Count() - 1; // the listing itself has one open
        }
        catch (Exception none) when (none is IOException or UnauthorizedAccessException)
        {
            return null; // none is left to list them with
        }
    }

    /// <summary>
    /// True for a client that took one of the last descriptors, which are not for clients. The system gives out the lowest
    /// number that is free, so that a high one tells, without any counting, that those below were all in use: when the
    /// acceptor began to wait, since its number is taken then; so another one is asked for. Half of the reserve may be in
    /// use by the server itself: what it opens for a moment must not cost a client its place.
    /// </summary>
    /// <param name="descriptor">The descriptor of a connection that was just accepted.</param>
    public static bool IsReserved(long descriptor)
    {
        var first = Most - (Reserve / 2);
        if (descriptor < first) return false;
        var lowest = Duplicate((int)descriptor);
        if (lowest < 0) return true;
        _ = Close(lowest);
        return lowest >= first;
    }

    /// <summary>How many clients there is room for; zero or less for none.</summary>
    /// <param name="clients">How many are connected now.</param>
    public static long RoomForClients(int clients)
    {
        var most = Most;
        if (most == long.MaxValue) return long.MaxValue;
        var open = CountOpen() ?? most;
        return most - Reserve - Math.Max(0, open - clients);
    }

    [DllImport("libc", EntryPoint = "dup")]
    private static extern int Duplicate(int descriptor);

    [DllImport("libc", EntryPoint = "close")]
    private static extern int Close(int descriptor);

    [DllImport("libc", EntryPoint = "getrlimit")]
    private static extern int GetLimit(int resource, out Limit limit);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
