using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>
/// The subcommands of CLIENT about client-side caching, which this server has none of yet: tracking is off for every client.
/// </summary>
internal static class ClientTracking
{
    /// <summary>CLIENT TRACKING: it can be switched off.</summary>
    public static void Switch(CommandContext call)
    {
        if (call.Is(2, "off"u8)) call.Reply.Simple("OK"u8);
        else if (call.Is(2, "on"u8)) call.Reply.Error("ERR CLIENT TRACKING ON is not supported yet: no client is told of changes"u8);
        else call.Reply.Error(ErrorReplies.Syntax);
    }

    /// <summary>CLIENT CACHING.</summary>
    public static void Cache(CommandContext call) => call.Reply.Error(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"u8);

    /// <summary>CLIENT GETREDIR.</summary>
    public static void Redirection(CommandContext call) => call.Reply.Integer(-1);

    /// <summary>CLIENT TRACKINGINFO.</summary>
    public static void Info(CommandContext call)
    {
        var reply = call.Reply;
        reply.Map(3);
        reply.Bulk("flags"u8);
        reply.Set(1);
        reply.Bulk("off"u8);
        reply.Bulk("redirect"u8);
        reply.Integer(-1);
        reply.Bulk("prefixes"u8);
        reply.Array(0);
    }
}
