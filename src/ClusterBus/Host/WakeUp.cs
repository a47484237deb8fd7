using System.Net;
using System.Net.Sockets;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Wakes a thread that polls sockets: a datagram socket on the loopback interface that is connected to itself.
/// </summary>
internal sealed class WakeUp : IDisposable
{
    private readonly byte[] _drained = new byte[64];
    private int _raised;

    /// <summary>Makes it.</summary>
    public WakeUp()
    {
        Socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        Socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Socket.Connect(Socket.LocalEndPoint!);
        Socket.Blocking = false;
    }

    /// <summary>The socket to poll for reading.</summary>
    public Socket Socket { get; }

    /// <summary>Makes the socket readable. Any thread.</summary>
    public void Raise()
    {
        if (Interlocked.Exchange(ref _raised, 1) == 0) Socket.Send(_drained.AsSpan(0, 1), SocketFlags.None, out _);
    }

    /// <summary>Takes the signal back; before the polling thread looks at what it was woken for.</summary>
    public void Clear()
    {
        SocketError error;
        do Socket.Receive(_drained, SocketFlags.None, out error);
        while (error == SocketError.Success);

        // Last: a signal sent between the two would be taken away, and those after it never sent.
        Interlocked.Exchange(ref _raised, 0);
    }

    /// <inheritdoc/>
    public void Dispose() => Socket.Dispose();
}
