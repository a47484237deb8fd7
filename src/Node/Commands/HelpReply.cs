using System.Text;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>
/// The reply of HELP subcommands: an array of status replies that Redis's clients print line by line.
/// </summary>
public static class HelpReply
{
    /// <summary>Writes the head that names the container, the lines, and HELP itself.</summary>
    /// <param name="reply">Gets the reply.</param>
    /// <param name="container">The container's name in upper case.</param>
    /// <param name="lines">For each subcommand its syntax, then indented lines that say what it does.</param>
    public static void Write(RespWriter reply, string container, IReadOnlyList<string> lines)
    {
        reply.Array(lines.Count + 3);
        Line(reply, container + " <subcommand> [<arg> [value] [opt] ...]. Subcommands are:");
        foreach (var line in lines) Line(reply, line);
        Line(reply, "HELP");
        Line(reply, "    Prints this help.");
    }

    private static void Line(RespWriter reply, string line) => reply.Simple(Encoding.UTF8.GetBytes(line));
}
