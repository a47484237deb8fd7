using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Starling.Transport;

/// <summary>
/// The system's own words for what it refused: those of the C library (<c>strerror</c>), as Redis tells them. The runtime's
/// messages name paths and addresses that the caller may not have asked about, and have other words for some errors.
/// </summary>
public static class SystemErrors
{
    private const int NoSuchEntry = 2; // ENOENT
    private const int PermissionDenied = 13; // EACCES
    private const int IsDirectory = 21; // EISDIR
    private const int NameTooLong = 36; // ENAMETOOLONG of Linux
    private const int LargestNumber = 4095; // MAX_ERRNO: what is above is a number of the runtime's

    /// <summary>The words for an error.</summary>
    /// <param name="error">What a file's or a socket's operation threw.</param>
    /// <param name="path">The file, to tell a directory from one that may not be opened: the runtime takes them for the same.</param>
    /// <returns>The system's words; the exception's message when it is not the system that refused.</returns>
    public static string Explain(Exception error, string? path = null) =>
        OperatingSystem.IsLinux() && Number(error, path) is { } number ? Marshal.GetPInvokeErrorMessage(number) : error.Message;

    private static int? Number(Exception error, string? path) => error switch
    {
        // Of a socket the runtime keeps the system's number, but has one word for several of them.
        SocketException socket => Known(socket.NativeErrorCode),
        FileNotFoundException or DirectoryNotFoundException => NoSuchEntry,
        PathTooLongException => NameTooLong,
        UnauthorizedAccessException when path is not null && Directory.Exists(path) => IsDirectory,
        UnauthorizedAccessException => Known(error.InnerException?.HResult ?? PermissionDenied),
        IOException => Known(error.HResult),
        _ => null,
    };

    private static int? Known(int number) => number is > 0 and <= LargestNumber ? number : null;
}
