using System.Text;
using Starling.Slots;

namespace Starling.Node.Config;

/// <summary>Rewrites the configuration file on disk.</summary>
public static class ConfigFile
{
    // Two rewrites at once would each undo the other's lines.
    private static readonly RankedLock Rewriting = new(LockRank.Configuration, nameof(ConfigFile));

    /// <summary>
    /// Writes the configuration of a moment into its file, which is replaced as a whole: the old file is there until the new one
    /// is.
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
            try
            {
                // A character for each byte: what is kept, comments above all, is kept as it is, and what is new is plain ASCII.
                var old = File.Exists(path) ? Encoding.Latin1.GetString(File.ReadAllBytes(path)) : string.Empty;
                var text = ConfigRewriter.Rewrite(old, content, writeDefaults);
                if (FileReplacement.TryWrite(path, Encoding.Latin1.GetBytes(text)) is { } reason) return reason;
                content.Order.NoteWritten(content.Number);
                return null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return SystemErrors.Explain(e, path);
            }
        }
    }
}
