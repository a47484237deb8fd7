using System.Globalization;
using System.Text;

namespace Starling.Node.Tests.Commands;

/// <summary>Commands as texts of Latin-1 characters, one character a byte.</summary>
internal static class CommandText
{
    public static string Printable(string text)
    {
        var printable = new StringBuilder("\"");
        foreach (var character in text.Length > 300 ? text[..300] + $"...({text.Length})" : text)
        {
            if (character is '"' or '\\') printable.Append('\\').Append(character);
            else if (character is >= ' ' and <= '~') printable.Append(character);
            else printable.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}");
        }

        return printable.Append('"').ToString();
    }

    public static string Printable(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(Printable));

    public static byte[] Encode(IReadOnlyList<string> arguments)
    {
        var text = new StringBuilder().Append('*').Append(arguments.Count).Append("\r\n");
        foreach (var argument in arguments) text.Append('$').Append(argument.Length).Append("\r\n").Append(argument).Append("\r\n");
        return Encoding.Latin1.GetBytes(text.ToString());
    }
}
