using System.Collections.Concurrent;

namespace Starling.Node.Tests.Serving;

/// <summary>Sends back what it receives, in the way of a client's connection, and keeps what it was told.</summary>
internal sealed class EchoOwner : ITransportOwner, IIoTask, IRoundMember, ISendReceiver
{
    private readonly ITransport _transport;
    private readonly byte[] _buffer = new byte[4096];
    private readonly Queue<ReadOnlyMemory<byte>> _waiting = new();
    private readonly Lock _lock = new(); // guards _waiting and _isFull
    private readonly TaskCompletionSource<int> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isFull;

    public EchoOwner(ITransport transport) => _transport = transport;

    /// <summary>How the stream ended, as a receive told: 0 or negative.</summary>
    public Task<int> End => _end.Task;

    /// <summary>The transport is closed.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Number of times that was told.</summary>
    public int Closings { get; private set; }

    /// <summary>Something was told after the end.</summary>
    public bool WasToldAfterwards { get; private set; }

    /// <summary>Threads that told of receives.</summary>
    public ConcurrentDictionary<string, bool> Threads { get; } = new();

    /// <summary>Does not want to receive.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Number of sends that were put off to the end of a round.</summary>
    public int PutOff { get; private set; }

    /// <summary>A send waits for room.</summary>
    public bool IsSendWaiting
    {
        get
        {
            lock (_lock) return _isFull;
        }
    }

    public void Start() => _transport.Start(this);

    public void OnReady(bool readable, bool writable)
    {
        WasToldAfterwards |= Closings > 0;
        Threads.TryAdd(Thread.CurrentThread.Name ?? "?", true);
        if (writable)
        {
            lock (_lock) _isFull = false;
        }

        if (readable && _transport.TryReceive(_buffer, out var received))
        {
            if (received <= 0)
            {
                _end.TrySetResult(received);
                _transport.Close();
                return;
            }

            lock (_lock) _waiting.Enqueue(_buffer.AsSpan(0, received).ToArray());
        }

        ((IoThread)_transport.Thread).AddToRound(this);
    }

    public void OnClosed()
    {
        Closings++;
        _closed.TrySetResult();
    }

    /// <summary>Sends bytes of its own. Any thread.</summary>
    public void Echo(byte[] bytes)
    {
        lock (_lock) _waiting.Enqueue(bytes);
        _transport.Thread.Post(this);
    }

    /// <summary>Has it follow <see cref="IsDeaf"/>. Any thread.</summary>
    public void Refresh() => _transport.Thread.Post(this);

    public void Run() => ((IoThread)_transport.Thread).AddToRound(this);

    public void EndRound()
    {
        if (Closings > 0) return;
        lock (_lock)
        {
            if (!_isFull && _waiting.TryPeek(out var first) && _transport.TryPutOff(first.Span, this)) PutOff++;
            else SendAll();
        }
    }

    public void OnSent(int sent)
    {
        WasToldAfterwards |= Closings > 0;
        lock (_lock)
        {
            if (sent >= 0) Take(sent);
            SendAll();
        }
    }

    private void SendAll()
    {
        while (!_isFull && _waiting.TryPeek(out var bytes))
        {
            var sent = _transport.TrySend(bytes.Span);
            if (sent < 0) break;
            Take(sent);
        }

        _transport.Watch(!IsDeaf, _isFull);
    }

    private void Take(int sent)
    {
        var bytes = _waiting.Dequeue();
        if (sent == bytes.Length) return;
        _isFull = true;
        var rest = _waiting.ToArray();
        _waiting.Clear();
        _waiting.Enqueue(bytes[sent..]);
        foreach (var other in rest) _waiting.Enqueue(other);
    }
}
