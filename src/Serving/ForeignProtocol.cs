using System.Text;

namespace Starling.Serving;

/// <summary>
/// What a browser sends whom a page has lured into talking to this port: lines of HTTP, some of which a form may fill with commands.
/// </summary>
public static class ForeignProtocol
{
    /// <summary>
    /// True when the first word of what a client sent, which is no command's name, is one that begins such a line. Redis looks for the
    /// same two, in either form of a request.
    /// </summary>
    public static bool BeginsLine(ReadOnlySpan<byte> word) => Ascii.EqualsIgnoreCase(word, "post"u8) || Ascii.EqualsIgnoreCase(word, "host:"u8);
}
