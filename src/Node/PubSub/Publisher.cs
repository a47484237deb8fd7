using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Execution;
using Starling.Resp;

namespace Starling.Node.PubSub;

/// <summary>
/// Gives messages and keyspace events to their subscribers: each is written once for every version of the protocol, and sent by the
/// subscribers' own threads. Any thread, under no stripe.
/// </summary>
public sealed class Publisher
{
    private readonly ILogger _logger;

    /// <summary>Makes a publisher whom nobody listens to.</summary>
    internal Publisher(NodeBasics basics)
    {
        _logger = basics.Loggers.CreateLogger("pubsub");
        Table = new SubscriptionTable(basics.Buffers);
        basics.Info.Add("stats", info =>
        {
            info.Field("pubsub_channels", Table.CountOf(SubscriptionKind.Channel));
            info.Field("pubsub_patterns", Table.CountOf(SubscriptionKind.Pattern));
            info.Field("pubsubshard_channels", Table.CountOf(SubscriptionKind.ShardChannel));
        });
    }

    /// <summary>
    /// Passes what clients publish on to the other nodes of the cluster. Null where there are none. Set before the server starts.
    /// </summary>
    internal IMessageRelay? Relay { get; set; }

    /// <summary>Who is subscribed to what.</summary>
    internal SubscriptionTable Table { get; }

    /// <summary>
    /// Closes a client. Its thread sees to the rest of it; but from here on nobody counts it as a subscriber. Any thread.
    /// </summary>
    /// <param name="connection">Its connection.</param>
    /// <param name="subscriber">What it is subscribed to; null for nothing.</param>
    internal void Close(ClientConnection connection, Subscriber? subscriber)
    {
        connection.Close();
        if (subscriber is not null) Table.RemoveAll(subscriber);
    }

    /// <summary>How many messages would be sent for one that was published now.</summary>
    internal int CountReceivers(bool isSharded, ReadOnlySpan<byte> channel)
    {
        var count = Table.Find(KindOf(isSharded), channel)?.Subscriptions.Count ?? 0;
        if (isSharded) return count;
        foreach (var pattern in Table.Patterns.Items)
            if (!pattern.HasEnded && GlobPattern.Matches(pattern.Name, channel)) count += pattern.Subscriptions.Count;
        return count;
    }

    /// <summary>
    /// Writes what a client publishes and is subscribed to itself: it reads that before the reply to PUBLISH. On its thread.
    /// </summary>
    internal void Write(RespWriter reply, Subscriber subscriber, bool isSharded, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> text)
    {
        if (Table.Has(KindOf(isSharded), subscriber, channel))
            reply.Raw(Message.ToChannel(isSharded, channel, text).In(reply.Protocol));
        if (isSharded || subscriber.Count(SubscriptionKind.Pattern) == 0) return;
        foreach (var pattern in Table.Patterns.Items)
        {
            if (!pattern.HasEnded && GlobPattern.Matches(pattern.Name, channel)
                && Table.Has(SubscriptionKind.Pattern, subscriber, pattern.Name))
                reply.Raw(Message.ToPattern(pattern.Name, channel, text).In(reply.Protocol));
        }
    }

    /// <summary>What a client has published goes to everybody, in the cluster too, but for itself.</summary>
    internal void Publish(bool isSharded, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> text, Subscriber? except)
    {
        Deliver(isSharded, channel, text, except);
        Relay?.Publish(channel.ToArray(), text.ToArray(), isSharded);
    }

    /// <summary>As <see cref="Publish(bool, ReadOnlySpan{byte}, ReadOnlySpan{byte}, Subscriber?)"/>.</summary>
    internal void Publish(PublishedMessage message) =>
        Publish(message.IsSharded, message.Channel, message.Text, message.Except);

    /// <summary>Gives a message to this node's subscribers.</summary>
    internal void Deliver(bool isSharded, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> text, Subscriber? except = null)
    {
        try
        {
            if (Table.Find(KindOf(isSharded), channel) is { } found)
                Push(Message.ToChannel(isSharded, channel, text), found.Subscriptions.Items, except);
            if (isSharded) return;
            foreach (var pattern in Table.Patterns.Items)
            {
                if (!pattern.HasEnded && GlobPattern.Matches(pattern.Name, channel))
                    Push(Message.ToPattern(pattern.Name, channel, text), pattern.Subscriptions.Items, except);
            }
        }
        catch (OutOfMemoryException)
        {
            PubSubLog.NoRoom(_logger, text.Length);
        }
    }

    /// <summary>Gives a keyspace event to its subscribers.</summary>
    internal void Deliver(RecordedEvent recorded)
    {
        var name = Encoding.ASCII.GetBytes(recorded.Event.Name);
        var database = recorded.Database.ToString(CultureInfo.InvariantCulture);
        if ((recorded.Classes & KeyEventClasses.KeyChannels) != 0)
            Deliver(isSharded: false, [.. Encoding.ASCII.GetBytes("__keyspace@" + database + "__:"), .. recorded.Key], name);
        if ((recorded.Classes & KeyEventClasses.EventChannels) != 0)
            Deliver(isSharded: false, [.. Encoding.ASCII.GetBytes("__keyevent@" + database + "__:"), .. name], recorded.Key);
    }

    private static SubscriptionKind KindOf(bool isSharded) => isSharded ? SubscriptionKind.ShardChannel : SubscriptionKind.Channel;

    private static void Push(Message message, ReadOnlySpan<Subscription> subscriptions, Subscriber? except)
    {
        foreach (var subscription in subscriptions)
        {
            if (subscription.HasEnded || subscription.Subscriber == except) continue;
            var connection = subscription.Subscriber.Connection;
            int protocol;
            do protocol = connection.PushProtocol;
            while (!connection.TryPush(message.In(protocol), subscription, protocol));
        }
    }
}
