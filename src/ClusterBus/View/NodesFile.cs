using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Starling.ClusterBus.View;

/// <summary>The text of nodes.conf, in Redis's format.</summary>
public static class NodesFile
{
    /// <summary>
    /// Reads nodes.conf as written by Redis 3 to 7.2, Valkey and Starling. Flags, epochs, slots and slots on the move
    /// are restored; addresses may be empty. The file must end with a newline: without it a line was cut, and what is
    /// missing may be a vote. Without a "vars" line the epochs are those of the nodes, and this node counts as having
    /// voted in them.
    /// </summary>
    /// <param name="text">The whole file. An empty file is an error here: the host treats it as no file.</param>
    /// <param name="now">Unix milliseconds; becomes the time of pings, pongs and failures that are marked as having
    /// happened.</param>
    /// <param name="view">What was read.</param>
    /// <param name="error">What is wrong, with the line number; the host logs it and stops, leaving the file
    /// alone.</param>
    public static bool TryParse(
        string text, long now, [NotNullWhen(true)] out ClusterView? view, [NotNullWhen(false)] out string? error)
    {
        var reader = new NodesFileReader(now);
        view = null;
        if (!text.EndsWith('\n'))
        {
            error = "the last line is cut: no newline at its end";
            return false;
        }

        var number = 0;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            number++;
            var trimmed = line.Trim();
            if (trimmed.IsEmpty) continue;
            error = reader.Read(trimmed.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
            if (error is null) continue;
            error = $"line {number}: {error}";
            return false;
        }

        error = reader.Finish(out view);
        return error is null;
    }

    /// <summary>The text of nodes.conf for a view; nodes in handshake are left out.</summary>
    public static string Format(ClusterView view)
    {
        var text = new StringBuilder();
        foreach (var node in view.Nodes)
        {
            if (node.IsInHandshake) continue;
            NodesReply.AppendNode(text, view, node, forFile: true);
            text.Append('\n');
        }

        text.Append("vars currentEpoch ").Append(view.CurrentEpoch);
        text.Append(" lastVoteEpoch ").Append(view.LastVoteEpoch);

        // Other servers skip variables that they do not know.
        if (view.WasEmptyAtExit) text.Append(" emptyAtExit 1");
        text.Append('\n');
        return text.ToString();
    }
}
