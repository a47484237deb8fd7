using System.Text;

namespace Starling.Node.Serving;

/// <summary>Bytes between quotes as Redis prints them: visible ASCII as it is, what is not as an escape.</summary>
internal static class QuotedText
{
    private const string Escaped = "\\\"\n\r\t\a\b";
    private const string Escapes = "\\\"nrtab";

    /// <summary>Length of the text with its quotes.</summary>
    public static long LengthOf(ReadOnlySpan<byte> bytes)
    {
        var length = 2L;
        foreach (var c in bytes) length += Escaped.Contains((char)c, StringComparison.Ordinal) ? 2 : IsVisible(c) ? 1 : 4;
        return length;
    }

    /// <summary>Writes the text with its quotes; returns its length.</summary>
    public static int Write(ReadOnlySpan<byte> bytes, Span<byte> target)
    {
        var at = 0;
        target[at++] = (byte)'"';
        foreach (var c in bytes)
        {
            if (Escaped.IndexOf((char)c, StringComparison.Ordinal) is >= 0 and var escape)
            {
                target[at++] = (byte)'\\';
                target[at++] = (byte)Escapes[escape];
            }
            else if (IsVisible(c))
            {
                target[at++] = c;
            }
            else
            {
                at += Encoding.ASCII.GetBytes("\\x" + c.ToString("x2", System.Globalization.CultureInfo.InvariantCulture), target[at..]);
            }
        }

        target[at++] = (byte)'"';
        return at;
    }

    private static bool IsVisible(byte c) => c is >= (byte)' ' and <= (byte)'~';
}
