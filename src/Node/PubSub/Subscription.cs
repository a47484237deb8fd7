namespace Starling.Node.PubSub;

/// <summary>One client's subscription to one channel or pattern.</summary>
internal sealed class Subscription(Subscriber subscriber, Channel channel) : PushSource
{
    /// <summary>Whose it is.</summary>
    public Subscriber Subscriber { get; } = subscriber;

    /// <summary>What it is to.</summary>
    public Channel Channel { get; } = channel;
}
