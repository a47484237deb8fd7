using Starling.Node.PubSub;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>PUBLISH, SPUBLISH and PUBSUB.</summary>
public static class Publishing
{
    private const CommandFlags Quick =
        CommandFlags.PubSub | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast | CommandFlags.MayReplicate;

    private const CommandFlags Looking = CommandFlags.PubSub | CommandFlags.Loading | CommandFlags.Stale;

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("publish", 3, Quick, KeySpec.None, call => Publish(call, isSharded: false))
        {
            Channels = ChannelUse.Publish, Group = "pubsub", Since = "2.0.0", Summary = "Posts a message to a channel.",
        },
        new("spublish", 3, Quick, KeySpec.At(1), call => Publish(call, isSharded: true))
        {
            Channels = ChannelUse.Publish, Group = "pubsub", Since = "7.0.0", KeyFlags = "not_key",
            Summary = "Posts a message to a shard channel.",
        },
        new("pubsub", -2, CommandFlags.None, KeySpec.None, null)
        {
            Group = "pubsub", Since = "2.8.0", Summary = "A container for commands that look at subscriptions.",
            Subcommands =
            [
                Row("channels", -2, call => Channels(call, SubscriptionKind.Channel), "2.8.0",
                    "Return the currently active channels matching a <pattern> (default: '*').", "[<pattern>]"),
                Row("numpat", 2, NumPat, "2.8.0", "Return number of subscriptions to patterns."),
                Row("numsub", -2, call => NumSub(call, SubscriptionKind.Channel), "2.8.0",
                    "Return the number of subscribers for the specified channels, excluding pattern subscriptions(default: no channels).",
                    "[<channel> ...]"),
                Row("shardchannels", -2, call => Channels(call, SubscriptionKind.ShardChannel), "7.0.0",
                    "Return the currently active shard level channels matching a <pattern> (default: '*').", "[<pattern>]"),
                Row("shardnumsub", -2, call => NumSub(call, SubscriptionKind.ShardChannel), "7.0.0",
                    "Return the number of subscribers for the specified shard level channel(s)", "[<shardchannel> ...]"),
            ],
        },
    ];

    private static Command Row(
        string name, int arity, CommandHandler handler, string since, string summary, string arguments = "") =>
        new(name, arity, Looking, KeySpec.None, handler)
        {
            Group = "pubsub",
            Since = since,
            Summary = summary,
            ArgumentsHelp = arguments,
        };

    private static void Publish(CommandContext call, bool isSharded)
    {
        call.HasChangedNothing = true;
        if (call[2].Length > BufferPool.LargeLength) call.Node.Buffers.EnsureRoom(call[2].Length);
        var publisher = call.Node.Publisher;
        var count = publisher.CountReceivers(isSharded, call[1]);
        var isClustered = call.Node.Cluster is not null;
        Subscriber? self = null;

        // It has the message here and now, or never: it may subscribe behind it before the message is delivered.
        if (count > 0 || isClustered) Subscribing.TrySubscriber(call, out self);
        if (call.Session.IsInScript) self = null; // what the reply is now the script reads
        if (count > 0 && self is { Total: > 0 })
        {
            PushOrder.Begin(call.Session, call.Reply);
            publisher.Write(call.Reply, self, isSharded, call[1], call[2]);
            PushOrder.End(call.Session, call.Reply);
        }

        var start = call.Reply.Length;
        call.Reply.Integer(count);
        if (!call.IsInExec) AwaitRelay(call, start);
        if (count > 0 || isClustered) call.Events.Publish(call.Arguments, isSharded, self, isKept: !call.Session.IsInScript);
        if (isClustered) return; // the bus takes it to the replicas, too

        using var effect = call.BeginSideEffect(call.Database);
        for (var i = 0; i < call.Count; i++) effect.Add(call[i]);
    }

    /// <summary>
    /// When the other nodes are not told as fast as clients publish here, who publishes has its reply once that has been caught up.
    /// </summary>
    /// <param name="call">A PUBLISH, or an EXEC around some.</param>
    /// <param name="start">Length of what was to be sent before its reply, which is written.</param>
    internal static void AwaitRelay(CommandContext call, long start)
    {
        if (call.Node.Publisher.Relay is not { IsBehind: true } relay || !call.MayBlock || call.Session.Suspension is not null) return;
        var reply = call.Reply.ToArray()[(int)start..];
        call.Reply.Truncate(start);
        relay.WhenCaughtUp(call.Suspend(deadline: 0, (writer, _) => writer.Raw(reply)).Complete);
    }

    private static void Channels(CommandContext call, SubscriptionKind kind)
    {
        if (call.Count > 3)
        {
            call.ErrorQuoting("ERR unknown subcommand or wrong number of arguments for '"u8, call[1], "'. Try PUBSUB HELP."u8);
            return;
        }

        var mark = call.Reply.BeginArray();
        var count = 0;
        foreach (var name in call.Node.Publisher.Table.NamesOf(kind))
        {
            if (call.Count == 3 && !GlobPattern.Matches(call[2], name)) continue;
            call.Reply.Bulk(name);
            count++;
        }

        call.Reply.EndArray(mark, count);
    }

    private static void NumPat(CommandContext call) =>
        call.Reply.Integer(call.Node.Publisher.Table.CountOf(SubscriptionKind.Pattern));

    private static void NumSub(CommandContext call, SubscriptionKind kind)
    {
        call.Reply.Array((call.Count - 2) * 2L);
        for (var i = 2; i < call.Count; i++)
        {
            call.Reply.Bulk(call[i]);
            call.Reply.Integer(call.Node.Publisher.Table.Find(kind, call[i])?.Subscriptions.Count ?? 0);
        }
    }
}
