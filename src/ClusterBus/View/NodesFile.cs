using System.Diagnostics.CodeAnalysis;

namespace Starling.ClusterBus.View;

/// <summary>The text of nodes.conf, in Redis's format.</summary>
public static class NodesFile
{
    /// <summary>
    /// Reads nodes.conf as written by Redis 3 to 7.2, Valkey and Starling. Nodes that were in handshake are left out. Flags, epochs, slots and slots on the
    /// move are restored; addresses may be empty.
    /// </summary>
    /// <param name="text">The whole file. An empty file is an error here: the host treats it as no file.</param>
    /// <param name="now">Unix milliseconds; becomes the time of pings, pongs and failures that are marked as having happened.</param>
    /// <param name="view">What was read.</param>
    /// <param name="error">What is wrong, with the line number; the host logs it and stops, leaving the file alone.</param>
    public static bool TryParse(
        string text, long now, [NotNullWhen(true)] out ClusterView? view, [NotNullWhen(false)] out string? error) =>
        throw new NotSupportedException($"{text} {now}");

    /// <summary>The text of nodes.conf for a view; nodes in handshake are left out.</summary>
    public static string Format(ClusterView view) => throw new NotSupportedException($"{view}");
}
