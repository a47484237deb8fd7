using System.Runtime.InteropServices;

namespace Starling.Node.Tests.Persistence;

/// <summary>An RDB file that is as slow as the test wants: a pipe in its place, which the server reads as the test writes.</summary>
internal sealed class PipedFile : IDisposable
{
    private readonly string _path;
    private FileStream? _stream;

    public PipedFile(string path)
    {
        _path = path;
        File.Delete(path);
        if (MakeFifo(path, 0x180) != 0) throw new IOException("mkfifo: " + Marshal.GetLastPInvokeErrorMessage());
    }

    /// <summary>Waits until somebody reads, and writes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        _stream ??= new FileStream(_path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        _stream.Write(bytes);
    }

    /// <summary>The end of the file.</summary>
    public void End() => _stream!.Dispose();

    public void Dispose() => _stream?.Dispose();

    [DllImport("libc", EntryPoint = "mkfifo", SetLastError = true)]
    private static extern int MakeFifo([MarshalAs(UnmanagedType.LPUTF8Str)] string path, uint mode);
}
