using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;

namespace Starling.Transport;

/// <summary>A socket that listens, and makes a stream of who connects.</summary>
public sealed class Listener : IDisposable
{
    private const int SolSocket = 1;
    private const int SoReuseAddress = 2;

    private readonly Socket _socket;

    private Listener(Socket socket, bool waits)
    {
        _socket = socket;
        socket.Blocking = waits;
        EndPoint = socket.LocalEndPoint as IPEndPoint;
        Source = new PollSource(socket) { Wants = Readiness.Readable };
    }

    /// <summary>Where it listens; null for a Unix socket.</summary>
    public IPEndPoint? EndPoint { get; }

    /// <summary>It is a Unix socket.</summary>
    public bool IsUnix => EndPoint is null;

    /// <summary>What a poller watches: it is readable when somebody has connected.</summary>
    public PollSource Source { get; }

    /// <summary>Listens on an address.</summary>
    /// <param name="endPoint">The address; port 0 for one that the system picks.</param>
    /// <param name="backlog">How many may have connected without having been accepted.</param>
    /// <param name="waits"><see cref="Accept"/> waits for somebody; otherwise <see cref="TryAccept"/> is used, with a poller.</param>
    /// <exception cref="SocketException">That is not possible.</exception>
    public static Listener Bind(IPEndPoint endPoint, int backlog, bool waits)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;

            // The runtime's ReuseAddress would also share the port with another server.
            if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(SolSocket, SoReuseAddress, BitConverter.GetBytes(1));
            socket.Bind(endPoint);
            socket.Listen(backlog);
            return new Listener(socket, waits);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Listens on a Unix socket, whose file must not be there yet; <see cref="Accept"/> waits.</summary>
    /// <param name="path">Where; its length is limited by the system.</param>
    /// <param name="backlog">How many may have connected without having been accepted.</param>
    /// <exception cref="SocketException">That is not possible.</exception>
    public static Listener BindUnix(string path, int backlog)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            socket.Listen(backlog);
            return new Listener(socket, waits: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Waits for somebody to connect.</summary>
    /// <exception cref="SocketException">Nobody can be accepted; ConnectionAborted when only this one has gone again.</exception>
    /// <exception cref="ObjectDisposedException">It has been disposed.</exception>
    public SocketStream Accept() => Serve(_socket.Accept());

    /// <summary>Accepts who has connected; false when nobody has.</summary>
    /// <exception cref="SocketException">Somebody has, and cannot be accepted.</exception>
    public bool TryAccept([NotNullWhen(true)] out SocketStream? stream)
    {
        stream = null;
        try
        {
            stream = Serve(_socket.Accept());
            return true;
        }
        catch (SocketException nobody) when (nobody.SocketErrorCode is SocketError.WouldBlock or SocketError.ConnectionAborted)
        {
            return false;
        }
    }

    /// <summary>Listens no more; ends an accept that waits.</summary>
    public void Dispose() => _socket.Dispose();

    private SocketStream Serve(Socket client)
    {
        try
        {
            if (!IsUnix) client.NoDelay = true;
            return new SocketStream(client, isConnected: true);
        }
        catch (SocketException)
        {
            client.Dispose();
            throw new SocketException((int)SocketError.ConnectionAborted); // it went away while it was set up
        }
    }
}
