using System.Buffers.Text;
using Starling.Resp;

namespace Starling.Node.Cluster;

/// <summary>The error replies of redirects, to the letter.</summary>
internal static class RedirectReply
{
    /// <summary>Writes the reply for a decision other than to execute the command.</summary>
    public static void Write(RespWriter reply, RoutingTable routing, Redirect redirect, int slot)
    {
        switch (redirect.Kind)
        {
            case RedirectKind.Moved: WriteNode(reply, "MOVED "u8, slot, routing.Endpoint(redirect.Node)); break;
            case RedirectKind.Ask: WriteNode(reply, "ASK "u8, slot, routing.Endpoint(redirect.Node)); break;
            case RedirectKind.TryAgain: reply.Error("TRYAGAIN Multiple keys request during rehashing of slot"u8); break;
            case RedirectKind.NotServed: reply.Error("CLUSTERDOWN Hash slot not served"u8); break;
            case RedirectKind.Down: reply.Error("CLUSTERDOWN The cluster is down"u8); break;
            case RedirectKind.DownForWrites:
                reply.Error("CLUSTERDOWN The cluster is down and only accepts read commands"u8);
                break;
            case RedirectKind.None: Slots.Invariant.Broken("a redirect to reply"); break;
        }
    }

    private static void WriteNode(RespWriter reply, ReadOnlySpan<byte> kind, int slot, ReadOnlySpan<byte> endpoint)
    {
        Span<byte> text = stackalloc byte[kind.Length + 6 + endpoint.Length];
        kind.CopyTo(text);
        Utf8Formatter.TryFormat(slot, text[kind.Length..], out var digits);
        var length = kind.Length + digits;
        text[length++] = (byte)' ';
        endpoint.CopyTo(text[length..]);
        reply.Error(text[..(length + endpoint.Length)]);
    }
}
