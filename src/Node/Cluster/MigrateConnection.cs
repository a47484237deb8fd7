using System.Net;
using System.Net.Sockets;
using System.Text;
using Starling.Slots;

namespace Starling.Node.Cluster;

/// <summary>
/// A connection to the target of MIGRATE. Used by one worker thread at a time, with waits that the timeout
/// bounds.
/// </summary>
internal sealed class MigrateConnection : IDisposable
{
    private const int MaxLine = 1024;
    private const int ChunkLength = 64 * 1024;

    private readonly IByteStream _stream;
    private readonly byte[] _received = new byte[4096];
    private int _start;
    private int _end;

    private MigrateConnection(IByteStream stream) => _stream = stream;

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
        while (!bytes.IsEmpty)
        {
            var chunk = bytes[..Math.Min(bytes.Length, ChunkLength)];
            bytes = bytes[chunk.Length..];
            var since = TimeProvider.System.GetTimestamp();
            while (!chunk.IsEmpty)
            {
                var status = _stream.Send(chunk, out var sent);
                chunk = chunk[sent..];
                if (status == StreamStatus.Done) continue;
                if (status != StreamStatus.NotNow) throw Failure();
                if (!_stream.WaitToSend(Left(timeout, since))) throw TimedOut();
            }
        }
    }

    /// <summary>Reads a status or error reply, without the line's end.</summary>
    /// <exception cref="SocketException">
    /// It did not come in time, the target closed, or it is not such a reply.
    /// </exception>
    public string ReadLine(int timeout)
    {
        while (true)
        {
            var unread = _received.AsSpan(_start, _end - _start);
            var length = unread.IndexOf((byte)'\n');
            if (length >= 0)
            {
                // Whoever talks something else there has not taken the key.
                if (unread[0] is not ((byte)'+' or (byte)'-')) throw new SocketException((int)SocketError.ProtocolNotSupported);
                _start += length + 1;
                return Encoding.UTF8.GetString(unread[..length].TrimEnd((byte)'\r'));
            }

            if (unread.Length > MaxLine) throw new SocketException((int)SocketError.MessageSize);
            unread.CopyTo(_received);
            _end -= _start;
            _start = 0;
            LockOrder.AssertMayBlock("receiving from the target of MIGRATE");
            _end += Receive(timeout);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static IByteStream Connect(IPEndPoint target, int timeout)
    {
        LockOrder.AssertMayBlock("connecting to the target of MIGRATE");
        var stream = Connector.Begin(target, source: null, keepsAlive: false);
        try
        {
            var since = TimeProvider.System.GetTimestamp();
            StreamStatus status;
            while ((status = stream.Connect()) == StreamStatus.NotNow)
                if (!stream.WaitToSend(Left(timeout, since))) throw TimedOut();
            return status == StreamStatus.Done ? stream : throw new SocketException((int)stream.Error);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static TimeSpan Left(int timeout, long since) =>
        TimeSpan.FromMilliseconds(timeout) - TimeProvider.System.GetElapsedTime(since);

    private static SocketException TimedOut() => new((int)SocketError.TimedOut);

    /// <summary>Receives something; more than no bytes.</summary>
    private int Receive(int timeout)
    {
        var since = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var status = _stream.Receive(_received.AsSpan(_end), out var count);
            if (status == StreamStatus.Done) return count;
            if (status != StreamStatus.NotNow) throw Failure();
            if (!_stream.WaitToReceive(Left(timeout, since))) throw TimedOut();
        }
    }

    private SocketException Failure() =>
        new((int)(_stream.Error == SocketError.Success ? SocketError.ConnectionReset : _stream.Error));
}
