using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>Pushes among the replies of a client. On its thread.</summary>
internal static class PushOrder
{
    /// <summary>
    /// What was pushed up to now comes before the reply that is about to be written. Inside EXEC, whose reply is under way, nothing can
    /// come between.
    /// </summary>
    public static void Settle(CommandContext call)
    {
        if (call.IsInExec || call.Session.Connection is not { } connection) return;
        connection.SettlePushes(call.Session.LastWriteOffset);
        call.Session.MutedFrom = Math.Min(call.Session.MutedFrom, call.Reply.Length);
    }

    /// <summary>What follows is a push: it is written whatever CLIENT REPLY says, instead of the reply so far that is not wanted.</summary>
    public static void Begin(NodeSession session, RespWriter reply)
    {
        if (session.MutedFrom >= 0 && reply.Length > session.MutedFrom) reply.Truncate(session.MutedFrom);
    }

    /// <summary>What follows is an ordinary reply again.</summary>
    public static void End(NodeSession session, RespWriter reply)
    {
        if (session.MutedFrom >= 0) session.MutedFrom = reply.Length;
    }
}
