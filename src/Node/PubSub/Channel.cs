namespace Starling.Node.PubSub;

/// <summary>A channel, shard channel or pattern that somebody is subscribed to; ended when nobody is any more.</summary>
internal sealed class Channel(byte[] name) : PushSource
{
    /// <summary>Its name, or the pattern.</summary>
    public byte[] Name { get; } = name;

    /// <summary>Who is subscribed.</summary>
    public SourceList<Subscription> Subscriptions { get; } = new();
}
