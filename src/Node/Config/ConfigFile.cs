using System.Globalization;
using System.Text;
using Starling.ClusterBus.Host;
using Starling.Slots;

namespace Starling.Node.Config;

/// <summary>Rewrites the configuration file on disk.</summary>
public static class ConfigFile
{
    // Two rewrites at once would each undo the other's lines.
    private static readonly RankedLock Rewriting = new(LockRank.Configuration, nameof(ConfigFile));

    /// <summary>
    /// Writes the configuration of a moment into its file: into a temporary file beside it, flushed to disk, then renamed
    /// over it. The old file is
    /// whole until the new one is.
    /// </summary>
    /// <param name="content">The configuration.</param>
    /// <param name="path">Absolute path of the file; it need not exist.</param>
    /// <param name="writeDefaults">Writes directives with their default value too.</param>
    /// <returns>Why it failed; null when it is written, or a later content of the same configuration was before.</returns>
    public static string? TryRewrite(ConfigContent content, string path, bool writeDefaults)
    {
        LockOrder.AssertMayBlock("rewriting the configuration file");
        using (Rewriting.Enter())
        {
            if (content.Order.IsSuperseded(content.Number)) return null;
            var temporary = path + "." + Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + ".tmp";
            try
            {
                var old = File.Exists(path) ? File.ReadAllText(path) : string.Empty;
                var text = ConfigRewriter.Rewrite(old, content, writeDefaults);
                using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
                {
                    stream.Write(Encoding.UTF8.GetBytes(text));
                    stream.Flush(flushToDisk: true);
                }

                File.Move(temporary, path, overwrite: true);
                DirectorySync.Flush(Path.GetDirectoryName(path) ?? "/");
                content.Order.NoteWritten(content.Number);
                return null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return e.Message;
            }
            finally
            {
                Remove(temporary);
            }
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
            // The rewrite has failed already and said why; the file that stays behind is harmless.
        }
    }
}
