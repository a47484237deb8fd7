namespace Starling.Node.Config;

/// <summary>Why a configuration cannot be used.</summary>
/// <param name="Reason">The reason, in Redis's words.</param>
/// <param name="File">Path of the file; null for the command line and for standard input without a file.</param>
/// <param name="Line">Number of the line, from 1; 0 when no single line is to blame.</param>
/// <param name="Text">The line.</param>
/// <param name="Directive">The directive that the line sets, or null.</param>
public sealed record ConfigError(string Reason, string? File = null, int Line = 0, string Text = "", string? Directive = null)
{
    /// <summary>
    /// True when the file itself cannot be read: that is a plain message, not an error in the configuration.
    /// </summary>
    public bool IsUnreadableFile { get; init; }

    /// <summary>What goes to standard error.</summary>
    /// <param name="version">The version in brackets.</param>
    public string Describe(string version)
    {
        if (IsUnreadableFile) return Reason + "\n";
        var text = $"\n*** FATAL CONFIG FILE ERROR (Redis {version}) ***\n";
        if (Line > 0)
        {
            text += $"Reading the configuration file, at line {Line}\n>>> '{Text}'\n{Reason}\n";
            text += $"({File ?? "command line"}:{Line}{(Directive is null ? string.Empty : ", directive '" + Directive + "'")})\n";
            return text;
        }

        return text + Reason + "\n";
    }
}
