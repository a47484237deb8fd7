using System.Net;

namespace Starling.Node.Tests.Serving;

/// <summary>
/// A transport without a socket, on a thread whose rounds run by hand: the test says what arrives; what is sent is
/// counted and forgotten, or kept.
/// </summary>
internal sealed class ScriptedTransport : ITransport, IIoTask
{
    private ITransportOwner _owner = null!;
    private byte[] _incoming = [];
    private int _start;
    private int _end;
    private bool _hasEnded;
    private bool _wasTold;
    private byte[] _putOff = [];
    private ISendReceiver? _receiver;

    /// <summary>Makes one, on a thread of its own unless another is named.</summary>
    public ScriptedTransport(IoThread? thread = null) => Thread = thread ?? NewThread();

    public IoThread Thread { get; }

    ITransportThread ITransport.Thread => Thread;

    public IPEndPoint? RemoteEndPoint { get; } = new(IPAddress.Loopback, 1);

    public IPEndPoint? LocalEndPoint { get; } = new(IPAddress.Loopback, 2);

    public long Descriptor => 0;

    public long SentBytes { get; private set; }

    /// <summary>Number of sends that took something.</summary>
    public int Sends { get; private set; }

    public bool IsClosed { get; private set; }

    /// <summary>The owner wants to be told of what arrives.</summary>
    public bool WatchesReadable { get; private set; } = true;

    /// <summary>The owner wants to be told of room.</summary>
    public bool WatchesWritable { get; private set; }

    /// <summary>Replies are put off until <see cref="SendPutOff"/>.</summary>
    public bool PutsOff { get; set; }

    /// <summary>Something is put off.</summary>
    public bool HasPutOff => _receiver is not null;

    /// <summary>Bytes that it takes before it is full.</summary>
    public long Room { get; set; } = long.MaxValue;

    /// <summary>Bytes that have arrived and were not received.</summary>
    public int Unread => _end - _start;

    /// <summary>Gets what is sent; nobody by default.</summary>
    public MemoryStream? Kept { get; set; }

    /// <summary>Gets what is sent, piece by piece.</summary>
    public Action<byte[]>? OnSend { get; set; }

    /// <summary>A thread that does not run by itself.</summary>
    public static IoThread NewThread(Action? beforeReplies = null, TimeProvider? clock = null, IPoller? poller = null) =>
        new("scripted", poller ?? new ScriptedPoller(), clock ?? TimeProvider.System, beforeReplies ?? (() => { }));

    public void Start(ITransportOwner owner) => _owner = owner;

    /// <summary>Lets bytes arrive and runs rounds until nobody takes any.</summary>
    public void Deliver(ReadOnlySpan<byte> bytes)
    {
        Arrive(bytes);
        int before;
        do
        {
            before = Unread;
            RunRound();
        }
        while (Unread < before && Unread > 0);
        RunRound(); // what was posted or put off at the end
    }

    /// <summary>Lets bytes arrive; a round takes them in.</summary>
    public void Arrive(ReadOnlySpan<byte> bytes)
    {
        if (_start == _end) _start = _end = 0;
        if (_incoming.Length - _end < bytes.Length) Array.Resize(ref _incoming, _end + bytes.Length);
        bytes.CopyTo(_incoming.AsSpan(_end));
        _end += bytes.Length;
    }

    /// <summary>Counts what is sent from now on.</summary>
    public void Forget() => (SentBytes, Sends) = (0, 0);

    /// <summary>One round of its thread.</summary>
    public void RunRound()
    {
        Thread.Post(this);
        Thread.RunRound(mayWait: false);
    }

    /// <summary>The peer closes.</summary>
    public void End()
    {
        _hasEnded = true;
        RunRound();
        RunRound();
    }

    public bool TryReceive(Span<byte> buffer, out int received)
    {
        received = Math.Min(Unread, buffer.Length);
        _incoming.AsSpan(_start, received).CopyTo(buffer);
        _start += received;
        return received > 0 || _hasEnded;
    }

    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        if (IsClosed) return -1;
        var count = (int)Math.Min(bytes.Length, Room);
        Room -= count;
        SentBytes += count;
        if (count > 0) Sends++;
        Kept?.Write(bytes[..count]);
        OnSend?.Invoke(bytes[..count].ToArray());
        return count;
    }

    public int TrySend(ReadOnlySpan<ArraySegment<byte>> segments)
    {
        if (IsClosed) return -1;
        using var together = new MemoryStream();
        foreach (var segment in segments) together.Write(segment);
        return TrySend(together.ToArray());
    }

    public bool TryPutOff(ReadOnlySpan<byte> bytes, ISendReceiver receiver)
    {
        if (!PutsOff || IsClosed) return false;
        _putOff = bytes.ToArray();
        _receiver = receiver;
        return true;
    }

    /// <summary>Sends what was put off, and tells who did that.</summary>
    public void SendPutOff()
    {
        var (bytes, receiver) = (_putOff, _receiver);
        (_putOff, _receiver) = ([], null);
        receiver!.OnSent(TrySend(bytes));
    }

    public void Watch(bool readable, bool writable) => (WatchesReadable, WatchesWritable) = (readable, writable);

    public void Close()
    {
        IsClosed = true;
        Thread.Post(this);
    }

    void IIoTask.Run()
    {
        if (IsClosed)
        {
            if (_wasTold) return;
            _wasTold = true;
            _owner.OnClosed();
            return;
        }

        var readable = WatchesReadable && (Unread > 0 || _hasEnded);
        var writable = WatchesWritable && Room > 0;
        if (readable || writable) _owner.OnReady(readable, writable);
    }
}
