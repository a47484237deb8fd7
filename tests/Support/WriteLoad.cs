using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Starling.Tests.Support;

/// <summary>
/// Writers that set keys of their own in turn until stopped, remember the last acknowledged value of each key, and note
/// every error that
/// is not a redirect. Bounded by <c>maximumWrites</c>.
/// </summary>
public sealed class WriteLoad : IDisposable
{
    private readonly Thread[] _threads;
    private readonly ConcurrentDictionary<string, Written> _written = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly int[] _ports;
    private readonly int _keys;
    private readonly int _maximumWrites;
    private long _acknowledged;
    private volatile bool _stop;
    private long _longestGapTicks;

    private sealed record Written(long Acknowledged, long Attempted);

    /// <summary>Starts the writers.</summary>
    /// <param name="ports">Nodes to ask first.</param>
    /// <param name="writers">Number of threads.</param>
    /// <param name="keys">Number of keys of each writer.</param>
    /// <param name="maximumWrites">Most writes of one writer.</param>
    public WriteLoad(IEnumerable<int> ports, int writers = 2, int keys = 500, int maximumWrites = 10_000_000)
    {
        _ports = [.. ports];
        _keys = keys;
        _maximumWrites = maximumWrites;
        _threads = [.. Enumerable.Range(0, writers).Select(writer => new Thread(() => Run(writer)) { IsBackground = true })];
        foreach (var thread in _threads) thread.Start();
    }

    /// <summary>Writes acknowledged so far.</summary>
    public long Acknowledged => Interlocked.Read(ref _acknowledged);

    /// <summary>Error replies that are no redirects.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>The longest time between two acknowledged writes of one writer.</summary>
    public TimeSpan LongestGap => TimeSpan.FromTicks(Interlocked.Read(ref _longestGapTicks));

    /// <summary>Waits until so many more writes are acknowledged.</summary>
    public void WaitForWrites(long more)
    {
        var target = Acknowledged + more;
        Wait.Until($"{more} more writes", () => Acknowledged >= target || !_errors.IsEmpty);
    }

    /// <summary>Stops the writers and waits for them.</summary>
    public void Stop()
    {
        _stop = true;
        foreach (var thread in _threads) thread.Join();
    }

    /// <summary>
    /// Reads every key back; the answer names the keys whose value is older than an acknowledged write or newer than
    /// any attempted.
    /// </summary>
    public IReadOnlyList<string> Lost()
    {
        var lost = new List<string>();
        using var client = new ClusterClient(_ports, Wait.Patience);
        foreach (var (key, written) in _written.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            var value = client.Call(null, SlotHint(key), "GET", key) as string;
            var number = value is null ? -1 : long.Parse(value, CultureInfo.InvariantCulture);
            if (number < written.Acknowledged || number > written.Attempted)
                lost.Add($"{key}: acknowledged {written.Acknowledged}, attempted {written.Attempted}, found {value ?? "nothing"}");
        }

        return lost;
    }

    /// <inheritdoc/>
    public void Dispose() => Stop();

    private static int SlotHint(string key) => string.GetHashCode(key, StringComparison.Ordinal);

    private void Run(int writer)
    {
        using var client = new ClusterClient(_ports, Wait.Patience);
        var last = Stopwatch.GetTimestamp();
        try
        {
            for (var number = 0L; !_stop && number < _maximumWrites; number++)
            {
                var key = string.Create(CultureInfo.InvariantCulture, $"load:{writer}:{number % _keys}");
                var before = _written.GetValueOrDefault(key, new Written(-1, -1));
                _written[key] = before with { Attempted = number };
                var reply = client.Call(null, SlotHint(key), "SET", key, number.ToString(CultureInfo.InvariantCulture));
                if (reply is not "OK")
                {
                    _errors.Enqueue($"SET {key}: {reply}");
                    if (_errors.Count > 100) return;
                    continue;
                }

                _written[key] = new Written(number, number);
                Interlocked.Increment(ref _acknowledged);
                var now = Stopwatch.GetTimestamp();
                NoteGap(Stopwatch.GetElapsedTime(last, now).Ticks);
                last = now;
            }
        }
        catch (Exception exception) when (exception is TimeoutException or IOException or InvalidDataException)
        {
            _errors.Enqueue($"writer {writer}: {exception.Message}");
        }
    }

    private void NoteGap(long ticks)
    {
        var longest = Interlocked.Read(ref _longestGapTicks);
        while (ticks > longest)
        {
            var seen = Interlocked.CompareExchange(ref _longestGapTicks, ticks, longest);
            if (seen == longest) return;
            longest = seen;
        }
    }
}
