using System.Collections.Concurrent;

namespace Starling.Node.Cluster;

/// <summary>
/// What clients publish here on its way to the other nodes: I/O threads leave it here, the bus thread makes packets of it. What one
/// thread leaves stays in order.
/// </summary>
internal sealed class BusPublisher(ClusterService cluster)
{
    private readonly ConcurrentQueue<(byte[] Channel, byte[] Text, bool IsSharded)> _waiting = new();
    private int _isPosted;

    /// <summary>Sends a message to all nodes, or to those of this shard. Any thread; returns at once.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="text">What was published.</param>
    /// <param name="isSharded">The channel is a shard channel.</param>
    public void Publish(byte[] channel, byte[] text, bool isSharded)
    {
        _waiting.Enqueue((channel, text, isSharded));
        if (Interlocked.Exchange(ref _isPosted, 1) == 0) cluster.Host.Post(Send);
    }

    private void Send()
    {
        Interlocked.Exchange(ref _isPosted, 0);
        while (_waiting.TryDequeue(out var message))
        {
            var (channel, text, isSharded) = message;
            cluster.Host.Apply((machine, now, effects) => machine.Publish(channel, text, isSharded, now, effects));
        }
    }
}
