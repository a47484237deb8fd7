using System.Net;
using System.Net.Sockets;
using System.Text;
using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// The stream to a master and the bytes read ahead from it, for the one thread of its link. The stream does not block
/// by itself: waits are polls with a deadline, and <see cref="Interrupt"/> ends them from another thread.
/// </summary>
internal sealed class MasterConnection : IDisposable
{
    private const int InitialBuffer = 64 * 1024;
    private const int KeptBuffer = 1024 * 1024;
    private const int MaxLine = 64 * 1024;
    private const int MostAhead = 32 * 1024 * 1024;
    private static readonly TimeSpan QuietTime = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan LongestReading = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan PollSlice = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ConnectSlice = TimeSpan.FromMilliseconds(20);

    private readonly IByteStream _stream;
    private readonly TimeProvider _clock;
    private volatile bool _interrupted;

    private readonly int _largestBuffer;

    private MasterConnection(IByteStream stream, TimeProvider clock, int largestBuffer)
    {
        _stream = stream;
        _clock = clock;
        _largestBuffer = largestBuffer;
    }

    /// <summary>
    /// Holds the bytes that were read and not used yet, between <see cref="Start"/> and <see cref="End"/>.
    /// </summary>
    public byte[] Buffer { get; private set; } = new byte[InitialBuffer];

    /// <summary>Where unused bytes begin.</summary>
    public int Start { get; set; }

    /// <summary>Where they end.</summary>
    public int End { get; private set; }

    /// <summary>Bytes read and not used yet.</summary>
    public int Available => End - Start;

    /// <summary>Gets the number of bytes of every receive.</summary>
    public Action<int>? OnReceived { get; set; }

    /// <summary>Address of the master's end.</summary>
    public EndPoint? RemoteEndPoint => _stream.RemoteEndPoint;

    /// <summary>Address of this end.</summary>
    public EndPoint? LocalEndPoint => _stream.LocalEndPoint;

    /// <summary>Begins to connect.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="port">Its port.</param>
    /// <param name="source">The address to come from; null for any.</param>
    /// <param name="clock">The clock of timeouts.</param>
    /// <param name="largestBuffer">Most bytes that are read ahead; a command or transaction must fit.</param>
    /// <exception cref="SocketException">The name or address is of no use.</exception>
    public static MasterConnection Open(
        IPAddress address, int port, string? source, TimeProvider clock, int? largestBuffer = null)
    {
        var from = source is null ? null : HostName.Resolve(source)[0];
        var stream = Connector.Begin(new IPEndPoint(address, port), from, keepsAlive: true);
        return new MasterConnection(stream, clock, largestBuffer ?? Array.MaxLength);
    }

    /// <summary>Waits for the connection.</summary>
    /// <exception cref="SocketException">It was refused.</exception>
    /// <exception cref="TimeoutException">The time is up.</exception>
    public void WaitConnected(TimeSpan timeout)
    {
        LockOrder.AssertMayBlock("connecting to the master");
        var since = _clock.GetTimestamp();

        StreamStatus status;
        while ((status = _stream.Connect()) == StreamStatus.NotNow)
        {
            ThrowIfOver(timeout, since);

            // A socket that is not connected yet cannot be shut down by another thread: look often.
            var slice = Slice(timeout, since);
            _stream.WaitToSend(slice < ConnectSlice ? slice : ConnectSlice);
        }

        if (status == StreamStatus.Broken) throw new SocketException((int)_stream.Error);
        if (_interrupted) throw new IOException("the link was given up");
    }

    /// <summary>Reads more bytes behind those there are.</summary>
    /// <returns>
    /// False when the time was up before any came. True also when the end came, and there are bytes that were not used.
    /// </returns>
    /// <exception cref="IOException">The connection is at its end, and there is nothing else to be used.</exception>
    /// <exception cref="FormatException">No more fits: what was read is no command or transaction that can be executed,
    /// however much of it comes.</exception>
    public bool TryFill(TimeSpan timeout)
    {
        LockOrder.AssertMayBlock("receiving from the master");
        MakeRoom();
        var since = _clock.GetTimestamp();
        while (true)
        {
            var status = _stream.Receive(Buffer.AsSpan(End), out var count);
            if (status == StreamStatus.Done)
            {
                End += count;
                OnReceived?.Invoke(count);
                return true;
            }

            if (status != StreamStatus.NotNow)
            {
                if (HasEnded || Available == 0) throw Failure();
                HasEnded = true;
                return true;
            }

            if (_interrupted) throw new IOException("the link was given up");
            if (_clock.GetElapsedTime(since) >= timeout) return false;
            _stream.WaitToReceive(Slice(timeout, since));
        }
    }

    /// <summary>The stream has ended; what was read before is still to be used.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>
    /// Reads what is there, without waiting, up to a bound on what is read and not used. A replica that executes more
    /// slowly than its master writes keeps the backlog here and not in the sockets: what the sockets hold may die with
    /// the master.
    /// </summary>
    public void ReadAhead()
    {
        while (Available < MostAhead && !HasEnded)
        {
            MakeRoom();
            var status = _stream.Receive(Buffer.AsSpan(End), out var count);
            if (status == StreamStatus.NotNow) return;
            HasEnded = status != StreamStatus.Done;
            if (HasEnded) return;
            End += count;
            OnReceived?.Invoke(count);
        }
    }

    /// <summary>
    /// Reads until nothing comes for a moment. What is sent to a master that was killed has its system throw away all
    /// of the stream that it still holds: whoever sends looks for the end first, behind what has come.
    /// </summary>
    /// <returns>False when the stream has ended.</returns>
    public bool ReadUntilQuiet()
    {
        var since = _clock.GetTimestamp();
        do
        {
            ReadAhead();
        }
        while (!HasEnded && Available < MostAhead && _clock.GetElapsedTime(since) < LongestReading
            && _stream.WaitToReceive(QuietTime));
        return !HasEnded;
    }

    /// <summary>Reads a line, without its line end; an empty one is a master's sign of life.</summary>
    /// <exception cref="TimeoutException">The time is up.</exception>
    /// <exception cref="IOException">The connection failed or the line has no end.</exception>
    public string ReadLine(TimeSpan timeout)
    {
        var since = _clock.GetTimestamp();
        while (true)
        {
            var line = Buffer.AsSpan(Start, Available);
            var length = line.IndexOf((byte)'\n');
            if (length >= 0)
            {
                Start += length + 1;
                return Encoding.Latin1.GetString(line[..length]).TrimEnd('\r');
            }

            if (Available > MaxLine) throw new IOException("line too long");
            var left = timeout - _clock.GetElapsedTime(since);
            if (left <= TimeSpan.Zero || !TryFill(left)) throw new TimeoutException();
        }
    }

    /// <summary>Sends, waiting while the socket is full.</summary>
    /// <exception cref="IOException">The connection failed, or took nothing for that long.</exception>
    public void Send(ReadOnlySpan<byte> bytes, TimeSpan timeout)
    {
        var since = _clock.GetTimestamp();
        while (bytes.Length > 0)
        {
            var status = _stream.Send(bytes, out var count);
            if (status == StreamStatus.Done)
            {
                bytes = bytes[count..];
                continue;
            }

            if (status != StreamStatus.NotNow) throw Failure();
            if (_interrupted || _clock.GetElapsedTime(since) >= timeout) throw new IOException("connection stalled");
            _stream.WaitToSend(Slice(timeout, since));
        }
    }

    /// <summary>Ends whatever the link's thread waits for. Any thread.</summary>
    public void Interrupt()
    {
        _interrupted = true;
        _stream.Shut();
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private IOException Failure() =>
        new(_stream.Error == SocketError.Success ? "connection lost" : new SocketException((int)_stream.Error).Message);

    private void MakeRoom()
    {
        if (Start == End)
        {
            Start = 0;
            End = 0;
            if (Buffer.Length > KeptBuffer) Buffer = new byte[InitialBuffer];
        }

        if (End < Buffer.Length) return;
        if (Start > 0 && (Start >= Buffer.Length / 2 || Available < InitialBuffer))
        {
            Buffer.AsSpan(Start, Available).CopyTo(Buffer);
        }
        else
        {
            if (Start == 0 && Buffer.Length >= _largestBuffer)
                throw new FormatException($"a command or transaction of more than {_largestBuffer} bytes");
            var larger = new byte[Math.Min(_largestBuffer, Buffer.Length * 2L)];
            Buffer.AsSpan(Start, Available).CopyTo(larger);
            Buffer = larger;
        }

        End -= Start;
        Start = 0;
    }

    private TimeSpan Slice(TimeSpan timeout, long since)
    {
        var left = timeout - _clock.GetElapsedTime(since);
        return left < PollSlice ? left : PollSlice;
    }

    private void ThrowIfOver(TimeSpan timeout, long since)
    {
        if (_interrupted) throw new IOException("the link was given up");
        if (_clock.GetElapsedTime(since) >= timeout) throw new TimeoutException();
    }
}
