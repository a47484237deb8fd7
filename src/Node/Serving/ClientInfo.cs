using System.Globalization;
using System.Text;
using Starling.Node.PubSub;

namespace Starling.Node.Serving;

/// <summary>A client's line in CLIENT LIST, CLIENT INFO and the log.</summary>
internal static class ClientInfo
{
    private const int OwnBytes = 1024; // what the objects of a connection take

    /// <summary>The line, without its end.</summary>
    /// <param name="connection">Its connection.</param>
    /// <param name="session">Its session.</param>
    /// <param name="now">The time, in milliseconds of Unix time.</param>
    public static string Describe(ClientConnection connection, NodeSession session, long now)
    {
        var transaction = session.Transaction;
        var input = connection.InputLength;
        var output = connection.Output.PendingBytes;
        var segments = connection.Output.PendingSegments;
        var multi = transaction?.HeldBytes ?? 0;
        var total = BytesOf(connection, session);
        var subscriber = session.Subscriber;
        var redirectTo = session.Tracking?.RedirectTo ?? -1;
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"id={session.Id} addr={connection.RemoteAddress}");
        text.Append(CultureInfo.InvariantCulture, $" laddr={connection.LocalAddress} fd={connection.Descriptor}");
        text.Append(CultureInfo.InvariantCulture, $" name={session.Name} age={(now - session.CreatedAt) / 1000}");
        text.Append(CultureInfo.InvariantCulture, $" idle={Math.Max(0, (now - session.LastInteraction) / 1000)}");
        text.Append(CultureInfo.InvariantCulture, $" flags={Flags(connection, session)} db={session.DatabaseIndex}");
        text.Append(CultureInfo.InvariantCulture, $" sub={subscriber?.Count(SubscriptionKind.Channel) ?? 0}");
        text.Append(CultureInfo.InvariantCulture, $" psub={subscriber?.Count(SubscriptionKind.Pattern) ?? 0}");
        text.Append(CultureInfo.InvariantCulture, $" ssub={subscriber?.Count(SubscriptionKind.ShardChannel) ?? 0}");
        text.Append(CultureInfo.InvariantCulture, $" multi={transaction?.Commands.Count ?? -1} watch={session.WatchedKeys.Count}");
        text.Append(CultureInfo.InvariantCulture, $" qbuf={input} qbuf-free={connection.InputCapacity - input}");
        text.Append(CultureInfo.InvariantCulture, $" argv-mem={connection.ArgumentBytes} multi-mem={multi}");
        text.Append(CultureInfo.InvariantCulture, $" rbs=0 rbp=0 obl=0 oll={segments} omem={output} tot-mem={total}");
        text.Append(CultureInfo.InvariantCulture, $" events={(output > 0 ? "rw" : "r")}");
        text.Append(CultureInfo.InvariantCulture, $" cmd={session.LastCommand?.FullName ?? "NULL"} user={session.Identity.DisplayName}");
        text.Append(CultureInfo.InvariantCulture, $" redir={redirectTo}");
        text.Append(CultureInfo.InvariantCulture, $" resp={connection.Reply.Protocol}");
        text.Append(CultureInfo.InvariantCulture, $" lib-name={session.LibraryName} lib-ver={session.LibraryVersion}");
        return text.ToString();
    }

    /// <summary>The memory that a client takes, in bytes.</summary>
    public static long BytesOf(ClientConnection connection, NodeSession session) =>
        connection.InputCapacity + connection.Output.PendingBytes + (session.Transaction?.HeldBytes ?? 0) + OwnBytes;

    private static string Flags(ClientConnection connection, NodeSession session)
    {
        var flags = new StringBuilder();
        if (session.Monitor is not null) flags.Append('O');
        else if (session.Kind == ClientKind.Replica) flags.Append('S');
        if (session.Subscriber is { Total: > 0 }) flags.Append('P');
        if (session.Transaction is not null) flags.Append('x');
        if (connection.IsBlocked) flags.Append('b');
        if (session.Tracking is { } tracking)
        {
            flags.Append('t');
            if (tracking.IsRedirectionBroken) flags.Append('R');
            if (tracking.IsBroadcast) flags.Append('B');
        }

        if (session.WatchFailed) flags.Append('d');
        if (session.CloseAfterReply) flags.Append('c');
        if (connection.IsClosing) flags.Append('A');
        if (connection.IsUnixSocket) flags.Append('U');
        if (session.ReadOnlyMode) flags.Append('r');
        if (session.NoEvict) flags.Append('e');
        if (session.NoTouch) flags.Append('T');
        return flags.Length == 0 ? "N" : flags.ToString();
    }
}
