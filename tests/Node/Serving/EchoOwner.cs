using System.Collections.Concurrent;
using Starling.Node.Serving;

namespace Starling.Node.Tests.Serving;

/// <summary>Sends back what it receives, in the way of a client's connection, and keeps what it was told.</summary>
internal sealed class EchoOwner : ITransportOwner
{
    private readonly ITransport _transport;
    private readonly byte[] _buffer = new byte[4096];
    private readonly Queue<byte[]> _waiting = new();
    private readonly Lock _lock = new(); // guards _waiting and _isSending
    private readonly TaskCompletionSource<int> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isSending;

    public EchoOwner(ITransport transport)
    {
        _transport = transport;
        transport.Attach(this);
    }

    /// <summary>How the stream ended: 0 or negative.</summary>
    public Task<int> End => _end.Task;

    /// <summary>Number of times the end was told.</summary>
    public int Ends { get; private set; }

    /// <summary>Threads that told of receives.</summary>
    public ConcurrentDictionary<string, bool> Threads { get; } = new();

    /// <summary>A send waits for room.</summary>
    public bool IsSendWaiting
    {
        get
        {
            lock (_lock) return _isSending;
        }
    }

    /// <summary>Number of sends that ended as broken.</summary>
    public int BrokenSends { get; private set; }

    public void Start() => OnReceived(int.MinValue);

    public void OnReceived(int received)
    {
        while (true)
        {
            if (received > 0) Echo(_buffer.AsSpan(0, received).ToArray());
            else if (received != int.MinValue)
            {
                Ends++;
                _transport.Close();
                _end.TrySetResult(received);
                return;
            }

            if (received > 0) Threads.TryAdd(Thread.CurrentThread.Name ?? "?", true);
            if (!_transport.Receive(_buffer, 0, _buffer.Length, out received)) return;
        }
    }

    public void OnSent(bool broken)
    {
        if (broken) BrokenSends++;
        lock (_lock) _isSending = false;
        if (!broken) SendWaiting();
    }

    /// <summary>Sends bytes of its own. Any thread.</summary>
    public void Echo(byte[] bytes)
    {
        lock (_lock) _waiting.Enqueue(bytes);
        SendWaiting();
    }

    private void SendWaiting()
    {
        while (true)
        {
            byte[]? bytes;
            lock (_lock)
            {
                if (_isSending || !_waiting.TryDequeue(out bytes)) return;
                _isSending = true;
            }

            var sent = _transport.TrySend(bytes);
            if (sent >= 0 && sent < bytes.Length && !_transport.Send(bytes, sent, bytes.Length - sent, out _)) return;
            lock (_lock) _isSending = false;
            if (sent < 0) return;
        }
    }
}
