using System.Net;
using System.Net.Sockets;

namespace Starling.Transport;

/// <summary>
/// Waits with <see cref="Socket.Select(System.Collections.IList, System.Collections.IList, System.Collections.IList,
/// TimeSpan)"/>, on systems without epoll. A wait costs time in proportion to the number of sockets.
/// </summary>
public sealed class SelectPoller : IPoller
{
    private readonly Dictionary<Socket, PollSource> _watched = [];
    private readonly List<Socket> _readable = [];
    private readonly List<Socket> _writable = [];
    private readonly List<(PollSource Source, Readiness Readiness)> _ready = [];
    private readonly Socket _waker; // talks to itself

    /// <summary>Makes a poller that watches nothing.</summary>
    /// <exception cref="SocketException">The system has no descriptors left.</exception>
    public SelectPoller()
    {
        _waker = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        _waker.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _waker.Connect(_waker.LocalEndPoint!);
        _waker.Blocking = false;
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<PollSource> Watched => [.. _watched.Values];

    /// <inheritdoc/>
    public void Add(PollSource source) => _watched.Add(source.Socket, source);

    /// <inheritdoc/>
    public void Change(PollSource source)
    {
        // Every wait asks what each owner wants.
    }

    /// <inheritdoc/>
    public void Remove(PollSource source) => _watched.Remove(source.Socket);

    /// <inheritdoc/>
    public int Wait(int milliseconds)
    {
        _readable.Clear();
        _writable.Clear();
        _ready.Clear();
        _readable.Add(_waker);
        foreach (var (socket, source) in _watched)
        {
            if (source.Wants.HasFlag(Readiness.Readable)) _readable.Add(socket);
            if (source.Wants.HasFlag(Readiness.Writable)) _writable.Add(socket);
        }

        var patience = milliseconds < 0 ? System.Threading.Timeout.InfiniteTimeSpan : TimeSpan.FromMilliseconds(milliseconds);
        Socket.Select(_readable, _writable.Count == 0 ? null : _writable, null, patience);
        if (_readable.Remove(_waker)) TakeWakeUps();
        foreach (var socket in _readable)
        {
            var both = _writable.Remove(socket) ? Readiness.Readable | Readiness.Writable : Readiness.Readable;
            _ready.Add((_watched[socket], both));
        }

        foreach (var socket in _writable) _ready.Add((_watched[socket], Readiness.Writable));
        return _ready.Count;
    }

    /// <inheritdoc/>
    public PollSource? Ready(int index, out Readiness readiness)
    {
        (var source, readiness) = _ready[index];
        return _watched.ContainsKey(source.Socket) ? source : null;
    }

    /// <inheritdoc/>
    /// <remarks>When the socket is full of such bytes, the thread is going to wake up anyway.</remarks>
    public void Wake() => _waker.Send([1], SocketFlags.None, out _);

    /// <inheritdoc/>
    public void Dispose() => _waker.Dispose();

    private void TakeWakeUps()
    {
        Span<byte> bytes = stackalloc byte[16];
        while (_waker.Receive(bytes, SocketFlags.None, out var error) > 0 && error == SocketError.Success)
        {
            // One datagram each.
        }
    }
}
