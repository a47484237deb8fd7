using System.Diagnostics.CodeAnalysis;
using Starling.Node.PubSub;
using Starling.Node.Serving;

namespace Starling.Node.Commands;

/// <summary>SUBSCRIBE, UNSUBSCRIBE and their kin for patterns and shard channels.</summary>
public static class Subscribing
{
    private const CommandFlags Usual = CommandFlags.PubSub | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    private static ReadOnlySpan<byte> NobodyThere => "ERR nobody is there to get the messages"u8;

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("subscribe", -2, Usual, KeySpec.None, call => Subscribe(call, SubscriptionKind.Channel, "subscribe"u8))
        {
            IsForSubscribers = true, Channels = ChannelUse.Subscribe,
            Group = "pubsub", Since = "2.0.0", Summary = "Listens for messages published to channels.",
        },
        new("unsubscribe", -1, Usual, KeySpec.None, call => Unsubscribe(call, SubscriptionKind.Channel, "unsubscribe"u8))
        {
            IsForSubscribers = true, Group = "pubsub", Since = "2.0.0", Summary = "Stops listening for messages published to channels.",
        },
        new("psubscribe", -2, Usual, KeySpec.None, call => Subscribe(call, SubscriptionKind.Pattern, "psubscribe"u8))
        {
            IsForSubscribers = true, Channels = ChannelUse.SubscribePattern, Group = "pubsub", Since = "2.0.0",
            Summary = "Listens for messages published to channels that match one or more patterns.",
        },
        new("punsubscribe", -1, Usual, KeySpec.None, call => Unsubscribe(call, SubscriptionKind.Pattern, "punsubscribe"u8))
        {
            IsForSubscribers = true, Group = "pubsub", Since = "2.0.0",
            Summary = "Stops listening for messages published to channels that match one or more patterns.",
        },
        new("ssubscribe", -2, Usual, KeySpec.From(1), call => Subscribe(call, SubscriptionKind.ShardChannel, "ssubscribe"u8))
        {
            IsForSubscribers = true, Channels = ChannelUse.Subscribe, Group = "pubsub", Since = "7.0.0", KeyFlags = "not_key",
            Summary = "Listens for messages published to shard channels.",
        },
        new("sunsubscribe", -1, Usual, KeySpec.From(1), call => Unsubscribe(call, SubscriptionKind.ShardChannel, "sunsubscribe"u8))
        {
            IsForSubscribers = true, Group = "pubsub", Since = "7.0.0", KeyFlags = "not_key",
            Summary = "Stops listening for messages published to shard channels.",
        },
    ];

    /// <summary>The caller as a subscriber, of nothing perhaps; false for who has no connection.</summary>
    internal static bool TrySubscriber(CommandContext call, [NotNullWhen(true)] out Subscriber? subscriber)
    {
        subscriber = call.Session.Subscriber;
        if (subscriber is null && call.Session.Connection is { } connection)
            subscriber = call.Session.Subscriber = new Subscriber(connection);
        return subscriber is not null;
    }

    private static void Subscribe(CommandContext call, SubscriptionKind kind, ReadOnlySpan<byte> word)
    {
        if (kind == SubscriptionKind.ShardChannel && call.IsInExec)
        {
            call.Reply.Error("ERR SSUBSCRIBE isn't allowed for a DENY BLOCKING client"u8);
            return;
        }

        if (!TrySubscriber(call, out var subscriber))
        {
            call.Reply.Error(NobodyThere);
            return;
        }

        call.Node.Buffers.EnsureRoom(call.Arguments.TotalLength + (call.Count * (long)SubscriptionTable.BytesOfSubscription));
        PushOrder.Begin(call.Session, call.Reply);
        for (var i = 1; i < call.Count; i++)
        {
            call.Node.Publisher.Table.Add(kind, subscriber, call[i]);
            Confirm(call, word, call[i], subscriber.ToldCount(kind));
        }

        PushOrder.End(call.Session, call.Reply);
        call.Node.AccessControl.CheckSubscriber(call.Session);
    }

    private static void Unsubscribe(CommandContext call, SubscriptionKind kind, ReadOnlySpan<byte> word)
    {
        if (!TrySubscriber(call, out var subscriber))
        {
            call.Reply.Error(NobodyThere);
            return;
        }

        PushOrder.Begin(call.Session, call.Reply);
        if (call.Count > 1)
        {
            for (var i = 1; i < call.Count; i++) Unsubscribe(call, kind, word, subscriber, call[i]);
        }
        else
        {
            var names = call.Node.Publisher.Table.NamesOf(kind, subscriber);
            foreach (var name in names) Unsubscribe(call, kind, word, subscriber, name);
            if (names.Length == 0) ConfirmNothing(call, word, subscriber.ToldCount(kind));
        }

        PushOrder.End(call.Session, call.Reply);
    }

    private static void Unsubscribe(
        CommandContext call, SubscriptionKind kind, ReadOnlySpan<byte> word, Subscriber subscriber, ReadOnlySpan<byte> name)
    {
        // Nothing more is pushed for it from here on, and what was comes before the confirmation.
        if (call.Node.Publisher.Table.Remove(kind, subscriber, name)) PushOrder.Settle(call);
        Confirm(call, word, name, subscriber.ToldCount(kind));
    }

    private static void Confirm(CommandContext call, ReadOnlySpan<byte> word, ReadOnlySpan<byte> name, int count)
    {
        call.Reply.Push(3);
        call.Reply.Bulk(word);
        call.Reply.Bulk(name);
        call.Reply.Integer(count);
    }

    private static void ConfirmNothing(CommandContext call, ReadOnlySpan<byte> word, int count)
    {
        call.Reply.Push(3);
        call.Reply.Bulk(word);
        call.Reply.Null();
        call.Reply.Integer(count);
    }
}
