using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// One client without a pipeline that keeps one SET in flight, on a thread of its own, and notes how long each takes:
/// what a client sees of a server that is busy with something else. It allocates nothing while it measures, so that a
/// collection of its own garbage is not taken for a pause of the server.
/// </summary>
internal sealed class LatencyProbe : IDisposable
{
    private const int Keys = 1000;
    private const int Most = 8_000_000; // 64 MB of times

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[][] _commands;
    private readonly double[] _milliseconds = new double[Most];
    private readonly byte[] _reply = new byte[64];
    private readonly Thread _thread;
    private int _count;
    private volatile bool _stop;

    /// <summary>Starts it.</summary>
    public LatencyProbe(int port)
    {
        _commands = [.. Enumerable.Range(0, Keys).Select(number =>
            RespConnection.Encode("SET", "probe:" + number.ToString(CultureInfo.InvariantCulture), new string('p', 32)))];
        _milliseconds.AsSpan().Fill(1); // its pages are there before the first time is noted
        _socket.Connect(IPAddress.Loopback, port);
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>Stops it and returns the times in milliseconds, ascending.</summary>
    public LatencySample Stop()
    {
        _stop = true;
        _thread.Join();
        var seen = _milliseconds[.._count];
        Array.Sort(seen);
        return new LatencySample(seen);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _socket.Dispose();
    }

    private void Run()
    {
        ThreadPrecedence.ComeBeforeOthers();
        while (!_stop && _count < Most)
        {
            var begun = Stopwatch.GetTimestamp();
            _socket.Send(_commands[_count % Keys]);
            var reply = Receive();
            if (!reply.SequenceEqual("+OK\r\n"u8)) throw new InvalidOperationException("SET was answered " + Encoding.UTF8.GetString(reply));
            _milliseconds[_count++] = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        }
    }

    /// <summary>The next reply, which is a line.</summary>
    private ReadOnlySpan<byte> Receive()
    {
        for (var length = 0; ;)
        {
            var count = _socket.Receive(_reply.AsSpan(length));
            if (count == 0) throw new EndOfStreamException("the server closed the connection");
            length += count;
            if (_reply[length - 1] == (byte)'\n' || length == _reply.Length) return _reply.AsSpan(0, length);
        }
    }
}
