using System.Globalization;
using Starling.ClusterBus.Host;
using Starling.Slots;

namespace Starling.Node.Config;

/// <summary>Replaces files as a whole.</summary>
internal static class FileReplacement
{
    /// <summary>
    /// Writes a file: into a temporary one beside it, flushed to disk, then renamed over it. The old file is whole until the new
    /// one is, and its permissions stay.
    /// </summary>
    /// <param name="path">Absolute path of the file; it need not exist.</param>
    /// <param name="content">What is to be in it.</param>
    /// <returns>Why it failed; null when it is written.</returns>
    public static string? TryWrite(string path, ReadOnlySpan<byte> content)
    {
        LockOrder.AssertMayBlock("replacing a file");
        var temporary = path + "." + Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + ".tmp";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
            {
                if (!OperatingSystem.IsWindows() && File.Exists(path)) File.SetUnixFileMode(stream.SafeFileHandle, File.GetUnixFileMode(path));
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            DirectorySync.Flush(Path.GetDirectoryName(path) ?? "/");
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SystemErrors.Explain(e);
        }
        finally
        {
            Remove(temporary);
        }
    }

    private static void Remove(string temporary)
    {
        if (!File.Exists(temporary)) return;
        try
        {
            File.Delete(temporary);
        }
        catch (IOException)
        {
            // Writing has failed already and said why; the file that stays behind is harmless.
        }
    }
}
