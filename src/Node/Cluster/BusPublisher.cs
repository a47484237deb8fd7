using System.Collections.Concurrent;
using Starling.Node.PubSub;

namespace Starling.Node.Cluster;

/// <summary>
/// What clients publish here on its way to the other nodes: I/O threads leave it here, the bus thread makes packets of it, some at
/// a time, since heartbeats are not to wait until clients publish no more. What one thread leaves stays in order. When the bus
/// thread does not follow, those who publish wait for it: what waits here is bounded.
/// </summary>
/// <param name="post">Has something done on the bus thread, in its next round. Any thread.</param>
/// <param name="send">Sends messages to the other nodes. On the bus thread; it does not keep the list.</param>
internal sealed class BusPublisher(Action<Action> post, Action<List<PublishedMessage>> send) : IMessageRelay
{
    /// <summary>Bytes of waiting messages, with what it takes to keep them, beyond which who publishes has to wait.</summary>
    public const long MostBytesWaiting = 16 * 1024 * 1024;

    /// <summary>Bytes that a message takes beside its channel and its text.</summary>
    public const int BytesOfMessage = 128;

    /// <summary>Most messages of one round of the bus thread.</summary>
    public const int MostAtOnce = 256;

    /// <summary>Bytes of channels and texts after which the next message is for another round.</summary>
    public const int MostBytesAtOnce = 1024 * 1024;

    private readonly ConcurrentQueue<PublishedMessage> _waiting = new();
    private readonly ConcurrentQueue<Action> _held = new();
    private readonly List<PublishedMessage> _taken = []; // the bus thread's
    private long _bytesWaiting;
    private int _isPosted;

    /// <inheritdoc/>
    public bool IsBehind => Interlocked.Read(ref _bytesWaiting) > MostBytesWaiting;

    /// <inheritdoc/>
    public void Publish(byte[] channel, byte[] text, bool isSharded)
    {
        var message = new PublishedMessage(channel, text, isSharded, Except: null);
        Interlocked.Add(ref _bytesWaiting, LengthOf(message));
        _waiting.Enqueue(message);
        PostOnce();
    }

    /// <inheritdoc/>
    public void WhenCaughtUp(Action what)
    {
        _held.Enqueue(what);

        // The bus thread may have looked just before.
        if (!IsBehind) LetGo();
    }

    private static long LengthOf(PublishedMessage message) => message.Channel.Length + message.Text.Length + BytesOfMessage;

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
        var taken = 0L;
        foreach (var message in _taken) taken += LengthOf(message);
        _taken.Clear();
        if (Interlocked.Add(ref _bytesWaiting, -taken) <= MostBytesWaiting / 2) LetGo();
        if (!_waiting.IsEmpty) PostOnce();
    }

    private void LetGo()
    {
        while (_held.TryDequeue(out var what)) what();
    }
}
