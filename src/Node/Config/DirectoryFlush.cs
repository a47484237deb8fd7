using System.Runtime.InteropServices;
using Starling.Slots;

namespace Starling.Node.Config;

/// <summary>
/// Flushes a directory to the disk, so that a rename in it survives a crash of the machine. .NET has no call for it.
/// </summary>
public static class DirectoryFlush
{
    private const int OpenReadOnly = 0;

    /// <summary>Flushes the directory's entries.</summary>
    /// <exception cref="IOException">The directory cannot be opened or flushed.</exception>
    public static void Flush(string directory)
    {
        LockOrder.AssertMayBlock("syncing a directory");
        var descriptor = Open(directory, OpenReadOnly);
        if (descriptor < 0) throw LastError(directory);
        try
        {
            if (FileSync(descriptor) != 0) throw LastError(directory);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException LastError(string directory) =>
        new($"{Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())} : '{directory}'");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static extern int FileSync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    private static extern int Close(int descriptor);
}
