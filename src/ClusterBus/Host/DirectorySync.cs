using System.Runtime.InteropServices;
using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>Makes a rename durable: .NET opens no directory, so this asks the C library to fsync one.</summary>
public static class DirectorySync
{
    private const int ReadOnly = 0;

    /// <summary>Writes a directory's entries to the disk. Blocks; nothing to do on Windows.</summary>
    /// <exception cref="IOException">The directory cannot be opened or synced.</exception>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows()) return;
        LockOrder.AssertMayBlock("syncing a directory");
        var descriptor = Open(directory, ReadOnly);
        if (descriptor < 0) throw LastError("open", directory);
        try
        {
            if (Synchronise(descriptor) != 0) throw LastError("fsync", directory);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException LastError(string call, string directory)
    {
        var number = Marshal.GetLastPInvokeError();
        return new IOException($"{call} {directory}: {Marshal.GetPInvokeErrorMessage(number)}", number);
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Synchronise(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
