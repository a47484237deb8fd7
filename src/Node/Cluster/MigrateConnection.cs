using System.Net;
using System.Net.Sockets;
using System.Text;
using Starling.Slots;

namespace Starling.Node.Cluster;

/// <summary>
/// A connection to the target of MIGRATE. Used by one worker thread at a time, with blocking calls that the timeout
/// bounds.
/// </summary>
internal sealed class MigrateConnection : IDisposable
{
    private const int MaxLine = 1024;
    private const int ChunkLength = 64 * 1024;
    private const int LongestPoll = 60_000; // milliseconds

    private readonly Socket _socket;
    private readonly byte[] _received = new byte[4096];
    private int _start;
    private int _end;

    private MigrateConnection(Socket socket) => _socket = socket;

    /// <summary>The database selected on the target; -1 when that is not known.</summary>
    public int Database { get; set; } = -1;

    /// <summary>When it was last put aside, in milliseconds of Unix time.</summary>
    public long IdleSince { get; set; }

    /// <summary>Connects within a timeout in milliseconds.</summary>
    /// <exception cref="SocketException">It did not work, in time or at all.</exception>
    public static MigrateConnection Open(string host, int port, int timeout)
    {
        SocketException? failure = null;
        foreach (var address in HostName.Resolve(host))
        {
            try
            {
                return new MigrateConnection(Connect(new IPEndPoint(address, port), timeout));
            }
            catch (SocketException e)
            {
                failure = e;
            }
        }

        throw failure ?? new SocketException((int)SocketError.HostNotFound);
    }

    /// <summary>Sends bytes; the timeout in milliseconds bounds each chunk of 64 KiB.</summary>
    /// <exception cref="SocketException">It did not work.</exception>
    public void Write(ReadOnlySpan<byte> bytes, int timeout)
    {
        _socket.SendTimeout = timeout;
        while (!bytes.IsEmpty)
        {
            var sent = _socket.Send(bytes[..Math.Min(bytes.Length, ChunkLength)]);
            bytes = bytes[sent..];
        }
    }

    /// <summary>Reads a status or error reply, without the line's end.</summary>
    /// <exception cref="SocketException">
    /// It did not come in time, the target closed, or it is not such a reply.
    /// </exception>
    public string ReadLine(int timeout)
    {
        _socket.ReceiveTimeout = timeout;
        while (true)
        {
            var unread = _received.AsSpan(_start, _end - _start);
            var length = unread.IndexOf((byte)'\n');
            if (length >= 0)
            {
                _start += length + 1;
                return Encoding.UTF8.GetString(unread[..length].TrimEnd((byte)'\r'));
            }

            if (unread.Length > MaxLine) throw new SocketException((int)SocketError.MessageSize);
            unread.CopyTo(_received);
            _end -= _start;
            _start = 0;
            LockOrder.AssertMayBlock("receiving from the target of MIGRATE");
            var count = _socket.Receive(_received.AsSpan(_end));
            if (count == 0) throw new SocketException((int)SocketError.ConnectionReset);
            _end += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>Waits until the socket is connected or not; the runtime waits for 35 minutes at most at a time.</summary>
    private static bool Poll(Socket socket, int timeout)
    {
        for (; timeout > LongestPoll; timeout -= LongestPoll)
            if (socket.Poll(TimeSpan.FromMilliseconds(LongestPoll), SelectMode.SelectWrite)) return true;
        return socket.Poll(TimeSpan.FromMilliseconds(timeout), SelectMode.SelectWrite);
    }

    private static Socket Connect(IPEndPoint target, int timeout)
    {
        LockOrder.AssertMayBlock("connecting to the target of MIGRATE");
        var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            socket.Blocking = false;
            try
            {
                socket.Connect(target);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
            {
                if (!Poll(socket, timeout))
                    throw new SocketException((int)SocketError.TimedOut);
                var error = (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
                if (error != 0) throw new SocketException(error);
            }

            socket.Blocking = true;
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
