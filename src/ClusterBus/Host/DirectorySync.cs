using System.Runtime.InteropServices;
using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>Makes a rename durable: .NET opens no directory, so this asks the C library to fsync one.</summary>
internal static class DirectorySync
{
    private const int ReadOnly = 0;

    /// <summary>Writes a directory's entries to the disk.</summary>
    /// <exception cref="IOException">It did not work.</exception>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows()) return;
        LockOrder.AssertMayBlock("syncing a directory");
        var descriptor = Open(directory, ReadOnly);
        if (descriptor < 0)
        {
            var number = Marshal.GetLastPInvokeError();
            throw new IOException($"open {directory}: {Marshal.GetPInvokeErrorMessage(number)}", number);
        }

        var result = Synchronise(descriptor);
        var error = result < 0 ? Marshal.GetLastPInvokeErrorMessage() : "";
        _ = Close(descriptor);
        if (result < 0) throw new IOException($"fsync {directory}: {error}");
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int Synchronise(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
