using System.Diagnostics;
using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// One client that changes the large list and the large string, at their ends and at places all over them, without a
/// pipeline, some hundred times a second: what a snapshot has to keep of large values.
/// </summary>
internal sealed class LargeWriter : IDisposable
{
    private readonly SaveOptions _options;
    private readonly RespConnection _client;
    private readonly Thread? _thread;
    private volatile bool _stop;
    private double _longest;

    /// <summary>Starts it, when there is a large value to write.</summary>
    public LargeWriter(int port, SaveOptions options)
    {
        _options = options;
        _client = new RespConnection(port);
        if (options.ListElements == 0 && options.StringBytes == 0) return;
        _thread = new Thread(Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>The longest time of one command, in milliseconds. After <see cref="Dispose"/>.</summary>
    public double Longest => _longest;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop = true;
        _thread?.Join();
        _client.Dispose();
    }

    private void Run()
    {
        var random = new Random(1);
        while (!_stop)
        {
            if (_options.ListElements > 0)
            {
                Measure("RPUSH", "list", "pushed");
                Measure("LPOP", "list");
                Measure("LSET", "list", Number(Near(random, _options.ListElements)), "changed");
            }

            if (_options.StringBytes > 0) Measure("SETRANGE", "string", Number(random.Next(_options.StringBytes)), "y");
            Thread.Sleep(2);
        }
    }

    /// <summary>An index near one end: redis-server walks to one in the middle for milliseconds.</summary>
    private static int Near(Random random, int elements) => random.Next(Math.Min(elements, 100_000));

    private void Measure(params string[] command)
    {
        var begun = Stopwatch.GetTimestamp();
        if (_client.Call(command) is RespError error) throw new InvalidOperationException(error.Text);
        _longest = Math.Max(_longest, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
