using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Starling.Bench.SideBySide;

/// <summary>
/// Fifty connections served by one thread: each sends a pipeline of commands and, when all of its replies are there,
/// the next one, so that the server always finds work on several.
/// </summary>
internal sealed class LoadGenerator : IDisposable
{
    private const int Connections = 50;

    private readonly int _process;
    private readonly Socket[] _sockets = new Socket[Connections];
    private readonly int[] _awaited = new int[Connections];
    private readonly byte[] _received = new byte[1 << 16];
    private byte[] _batch = [];

    /// <summary>Connects.</summary>
    /// <param name="process">The server's process id, whose CPU time is measured.</param>
    /// <param name="port">Its port on this machine.</param>
    public LoadGenerator(int process, int port)
    {
        _process = process;
        for (var i = 0; i < Connections; i++)
        {
            _sockets[i] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            _sockets[i].Connect(IPAddress.Loopback, port);
            _sockets[i].ReceiveTimeout = 60_000;
        }
    }

    /// <summary>Sends operations and waits for all replies.</summary>
    /// <param name="template">The operation.</param>
    /// <param name="operations">How many.</param>
    /// <param name="pipeline">Operations in flight per connection.</param>
    /// <param name="longest">Seconds after which no more are sent.</param>
    /// <param name="rate">Operations a second that are not exceeded.</param>
    public Measurement Run(CommandTemplate template, long operations, int pipeline, double longest, double rate = double.MaxValue)
    {
        if (_batch.Length < pipeline * template.Length) _batch = new byte[pipeline * template.Length];
        var counters = new ReplyCounter[Connections];
        for (var i = 0; i < Connections; i++) counters[i] = new ReplyCounter();
        var sent = 0L;
        var cpu = ProcessUsage.CpuSeconds(_process);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < Connections; i++) Send(i);
        for (var busy = true; busy;)
        {
            busy = false;
            for (var i = 0; i < Connections; i++)
            {
                if (_awaited[i] == 0) continue;
                Receive(i, counters[i]);
                if (sent / rate - watch.Elapsed.TotalSeconds is > 0 and var early) Thread.Sleep(TimeSpan.FromSeconds(early));
                if (watch.Elapsed.TotalSeconds < longest) Send(i);
                busy |= _awaited[i] > 0;
            }
        }

        watch.Stop();
        cpu = ProcessUsage.CpuSeconds(_process) - cpu;
        var error = counters.Select(counter => counter.Error).FirstOrDefault(text => text is not null);
        return new Measurement(sent, watch.Elapsed.TotalSeconds, cpu, error);

        void Send(int connection)
        {
            var count = (int)Math.Min(pipeline, operations - sent);
            if (count == 0) return;
            var batch = _batch.AsSpan(0, count * template.Length);
            for (var i = 0; i < count; i++) template.Write(batch.Slice(i * template.Length, template.Length), sent++);
            for (var rest = batch; rest.Length > 0;) rest = rest[_sockets[connection].Send(rest)..];
            _awaited[connection] = count * template.Commands;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var socket in _sockets) socket.Dispose();
    }

    private void Receive(int connection, ReplyCounter counter)
    {
        while (_awaited[connection] > 0)
        {
            var count = _sockets[connection].Receive(_received);
            if (count == 0) throw new EndOfStreamException("the server closed a connection");
            _awaited[connection] -= counter.Feed(_received.AsSpan(0, count));
        }
    }
}
