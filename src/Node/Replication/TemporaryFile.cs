using System.Globalization;
using Microsoft.Extensions.Logging;
using Starling.Node.Persistence;
using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// Files for RDB data in transit, in <c>dir</c>, named as Redis names them: <c>temp-time.pid.rdb</c>.
/// </summary>
internal static class TemporaryFile
{
    // No buffer: what a full disk refuses would otherwise be tried again, and thrown, when the file is deleted.
    private const int BufferSize = 0;

    /// <summary>Makes a new file, readable and writable.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory may not be written to.</exception>
    public static FileStream Create(NodeBasics basics)
    {
        LockOrder.AssertMayBlock("making a file");
        var time = basics.NowMilliseconds;
        for (var attempt = 0; ; attempt++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"temp-{time + attempt}.{Environment.ProcessId}.rdb");
            var path = basics.Config.PathOf(name);
            if (File.Exists(path) && attempt < 1000) continue;
            return new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, BufferSize);
        }
    }

    /// <summary>
    /// Closes and removes it. Never throws: a file that cannot be removed (its disk may have become read-only) stays,
    /// and the log says so.
    /// </summary>
    public static void Delete(FileStream file, ILogger logger)
    {
        LockOrder.AssertMayBlock("deleting a file");
        var path = file.Name;
        file.Dispose();
        try
        {
            File.Delete(path);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            PersistenceLog.TemporaryFileStays(logger, path, SystemErrors.Explain(problem));
        }
    }
}
