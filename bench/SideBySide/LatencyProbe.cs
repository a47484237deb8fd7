using System.Diagnostics;
using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// One client without a pipeline that keeps one SET in flight, on a thread of its own, and notes how long each takes:
/// what a client sees of a server that is busy with something else.
/// </summary>
internal sealed class LatencyProbe : IDisposable
{
    private const int Keys = 1000;

    private readonly RespConnection _client;
    private readonly List<double> _milliseconds = [];
    private readonly Thread _thread;
    private volatile bool _stop;

    /// <summary>Starts it.</summary>
    public LatencyProbe(int port)
    {
        _client = new RespConnection(port);
        _thread = new Thread(Run) { IsBackground = true, Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    /// <summary>Stops it and returns the times in milliseconds, ascending.</summary>
    public LatencySample Stop()
    {
        _stop = true;
        _thread.Join();
        _milliseconds.Sort();
        return new LatencySample(_milliseconds);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop = true;
        _thread.Join();
        _client.Dispose();
    }

    private void Run()
    {
        var commands = Enumerable.Range(0, Keys)
            .Select(number => RespConnection.Encode("SET", "probe:" + number.ToString(CultureInfo.InvariantCulture), new string('p', 32)))
            .ToArray();
        for (var i = 0; !_stop; i = (i + 1) % Keys)
        {
            var begun = Stopwatch.GetTimestamp();
            _client.SendRaw(commands[i]);
            if (_client.Read() is RespError error) throw new InvalidOperationException(error.Text);
            _milliseconds.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
    }
}
