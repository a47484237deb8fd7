using System.Net;
using System.Net.Sockets;

namespace Starling.Transport;

/// <summary>Makes streams to others, without waiting for them and without looking names up.</summary>
public static class Connector
{
    /// <summary>Begins to connect; <see cref="IByteStream.Connect"/> sees it through.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="source">The address to come from; null for any.</param>
    /// <param name="keepsAlive">The system asks a silent peer now and then whether it is still there.</param>
    /// <exception cref="SocketException">The address is of no use, or the system has no descriptors left.</exception>
    public static IByteStream Begin(IPEndPoint target, IPAddress? source, bool keepsAlive)
    {
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            if (keepsAlive) socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.Blocking = false;
            if (source is not null) socket.Bind(new IPEndPoint(source, 0));
            try
            {
                socket.Connect(target);
            }
            catch (SocketException pending)
                when (pending.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                // The rule for a connect that does not block.
            }

            return new SocketStream(socket, isConnected: false);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
