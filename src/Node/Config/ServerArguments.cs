using System.Text;

namespace Starling.Node.Config;

/// <summary>
/// The command line of a server: <c>[file] [-] [--directive value ...]</c>. The directives become lines that are read
/// after the file, by Redis's
/// rules: an argument that begins with -- starts a directive only when the one before has a value, so a value may begin
/// with -- too.
/// </summary>
/// <param name="File">The configuration file, or null.</param>
/// <param name="ReadsStandardInput">"-" was the first or the last argument.</param>
/// <param name="Options">The directives as lines of a configuration file.</param>
public sealed record ServerArguments(string? File, bool ReadsStandardInput, string Options)
{
    /// <summary>No file, no directive.</summary>
    public static ServerArguments None { get; } = new(null, ReadsStandardInput: false, string.Empty);

    /// <summary>Reads a command line.</summary>
    public static ServerArguments Parse(IReadOnlyList<string> arguments)
    {
        var file = arguments.Count > 0 && !arguments[0].StartsWith('-') ? arguments[0] : null;
        var readsStandardInput = false;
        var options = new StringBuilder();
        var lastHasValue = true;
        for (var i = file is null ? 0 : 1; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            var isLast = i == arguments.Count - 1;
            if (argument == "-" && (i == 0 || isLast))
            {
                readsStandardInput = true;
            }
            else if (lastHasValue && argument.StartsWith("--", StringComparison.Ordinal))
            {
                if (options.Length > 0) options.Append('\n');
                options.Append(argument, 2, argument.Length - 2).Append(' ');
                var isNameOnly = ConfigLine.TrySplit(argument, out var parts) && parts.Count == 1;
                lastHasValue = !isNameOnly;

                // "--save" with nothing behind it has always meant no save points.
                if (!isNameOnly || !argument.Equals("--save", StringComparison.OrdinalIgnoreCase)) continue;
                if (!isLast && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal)) continue;
                options.Append("\"\"");
                lastHasValue = true;
            }
            else
            {
                options.Append(ConfigLine.Quote(argument)).Append(' ');
                lastHasValue = true;
            }
        }

        return new ServerArguments(file, readsStandardInput, options.ToString());
    }
}
