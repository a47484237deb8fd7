using System.Collections.Concurrent;
using Starling.Node.PubSub;

namespace Starling.Node.Cluster;

/// <summary>
/// What clients publish here on its way to the other nodes: I/O threads leave it here, the bus thread makes packets of it, some at
/// a time, since heartbeats are not to wait until clients publish no more. What one thread leaves stays in order.
/// </summary>
/// <param name="post">Has something done on the bus thread, in its next round. Any thread.</param>
/// <param name="send">Sends messages to the other nodes. On the bus thread; it does not keep the list.</param>
internal sealed class BusPublisher(Action<Action> post, Action<List<PublishedMessage>> send)
{
    /// <summary>Most messages of one round of the bus thread.</summary>
    public const int MostAtOnce = 256;

    /// <summary>Bytes of channels and texts after which the next message is for another round.</summary>
    public const int MostBytesAtOnce = 1024 * 1024;

    private readonly ConcurrentQueue<PublishedMessage> _waiting = new();
    private readonly List<PublishedMessage> _taken = []; // the bus thread's
    private int _isPosted;

    /// <summary>Sends a message to all nodes, or to those of this shard. Any thread; returns at once.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="text">What was published.</param>
    /// <param name="isSharded">The channel is a shard channel.</param>
    public void Publish(byte[] channel, byte[] text, bool isSharded)
    {
        _waiting.Enqueue(new PublishedMessage(channel, text, isSharded, Except: null));
        PostOnce();
    }

    private void PostOnce()
    {
        if (Interlocked.Exchange(ref _isPosted, 1) == 0) post(Send);
    }

    private void Send()
    {
        Interlocked.Exchange(ref _isPosted, 0);
        var bytes = 0L;
        while (_taken.Count < MostAtOnce && bytes < MostBytesAtOnce && _waiting.TryDequeue(out var message))
        {
            _taken.Add(message);
            bytes += message.Channel.Length + message.Text.Length;
        }

        if (_taken.Count > 0) send(_taken);
        _taken.Clear();
        if (!_waiting.IsEmpty) PostOnce();
    }
}
