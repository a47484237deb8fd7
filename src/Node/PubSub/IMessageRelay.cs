namespace Starling.Node.PubSub;

/// <summary>Takes what clients publish on this node to the other nodes of its cluster. Any thread.</summary>
internal interface IMessageRelay
{
    /// <summary>
    /// More waits to be taken than should: who publishes is to wait, by <see cref="WhenCaughtUp"/>, before it publishes again.
    /// </summary>
    bool IsBehind { get; }

    /// <summary>Sends a message to all nodes, or to those of this shard; returns at once.</summary>
    /// <param name="channel">The channel; it stays as it is.</param>
    /// <param name="text">What was published; it stays as it is.</param>
    /// <param name="isSharded">The channel is a shard channel.</param>
    void Publish(byte[] channel, byte[] text, bool isSharded);

    /// <summary>Has something done once not too much waits any more; perhaps at once. On any thread.</summary>
    void WhenCaughtUp(Action what);
}
