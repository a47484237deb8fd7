using System.Diagnostics;
using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Bench.SideBySide;

/// <summary>
/// What a snapshot costs a writer, and a flush everybody, within one process: the processor time of single writes, by
/// one thread, while another one saves a snapshot as fast as it can, beside the same writes without; and how long a
/// flush holds every stripe. Processor time, since on a shared machine the clock on the wall tells of others.
/// </summary>
internal sealed class WriterCost : IDisposable
{
    private const double Seconds = 4;
    private static readonly string[] Kinds = ["SET", "RPUSH", "LPOP", "LSET", "SETRANGE"];

    private readonly SaveOptions _options;
    private readonly Keyspace _keyspace = new(new KeyspaceOptions { HashSeed = 1 });
    private readonly byte[] _value = Encoding.ASCII.GetBytes(new string('v', 32));
    private readonly byte[] _element = Encoding.ASCII.GetBytes(new string('e', 20));
    private readonly Random _random = new(1);

    /// <summary>Fills a keyspace.</summary>
    public WriterCost(SaveOptions options)
    {
        _options = options;
        Fill();
    }

    /// <summary>Measures and prints.</summary>
    public void Run()
    {
        for (var round = 0; round < _options.Rounds; round++)
        {
            Print("without", Write(until: null));
            var isSaved = false;
            var saver = new Thread(() =>
            {
                Save();
                Volatile.Write(ref isSaved, true);
            });
            saver.Start();
            Print("snapshot", Write(() => Volatile.Read(ref isSaved)));
            saver.Join();
            while (_keyspace.Freeing.FreeSome())
            {
            }
        }

        for (var round = 0; round < _options.Rounds; round++) Flush();
    }

    /// <inheritdoc/>
    public void Dispose() => _keyspace.Dispose();

    private void Fill()
    {
        for (var i = 0; i < _options.Keys; i++) Set(i);
        for (var i = 0; i < _options.ListElements; i++) Apply(1);
        if (_options.StringBytes == 0) return;
        var key = _keyspace.Key("string"u8);
        using var scope = _keyspace.LockSlot(key.Slot);
        _keyspace[0].SetString(key, _value, Entry.NoExpiry, 0);
        _keyspace[0].ResizeString(key, _options.StringBytes, 0, _options.StringBytes, raw: true).Fill((byte)'s');
    }

    private void Save()
    {
        Snapshot snapshot;
        using (_keyspace.LockAll()) snapshot = _keyspace.StartSnapshot();
        using (snapshot)
        {
            var output = new DiscardedSnapshot();
            while (snapshot.Advance())
                if (snapshot.WaitingBytes > 1 << 20) snapshot.Deliver(output);
            snapshot.Deliver(output);
        }
    }

    /// <summary>Writes until something has happened, or for some seconds; the times of each kind of write.</summary>
    private List<double>[] Write(Func<bool>? until)
    {
        var times = Kinds.Select(_ => new List<double>(1 << 22)).ToArray();
        var watch = Stopwatch.StartNew();
        for (var i = 0; until is null ? watch.Elapsed.TotalSeconds < Seconds : !until(); i++)
        {
            var kind = i % 8 == 7 ? 1 + (i / 8 % 4) : 0;
            if (kind is > 0 and < 4 && _options.ListElements == 0) kind = 0;
            if (kind == 4 && _options.StringBytes == 0) kind = 0;
            var before = ThreadClock.Milliseconds;
            Apply(kind);
            times[kind].Add(ThreadClock.Milliseconds - before);
        }

        return times;
    }

    private void Apply(int kind)
    {
        if (kind == 0)
        {
            Set(_random.Next(_options.Keys));
            return;
        }

        var key = _keyspace.Key(kind == 4 ? "string"u8 : "list"u8);
        using var scope = _keyspace.LockSlot(key.Slot);
        if (kind == 4)
        {
            _keyspace[0].ResizeString(key, _options.StringBytes, _random.Next(_options.StringBytes), 1, raw: true)[0] = (byte)'c';
            return;
        }

        _keyspace[0].TryFind(key, out var entry);
        var list = _keyspace[0].Open<ListValue>(key, entry, 0);
        if (kind == 1) list.Push(_element, atHead: false);
        else if (kind == 2) list.Remove(0, 1);
        else list.Set(_random.NextInt64(list.Count), "changed"u8);
    }

    private void Set(int number)
    {
        Span<byte> name = stackalloc byte[11];
        name[0] = (byte)'k';
        for (var digit = 10; digit > 0; digit--, number /= 10) name[digit] = (byte)('0' + (number % 10));
        var key = _keyspace.Key(name);
        using var scope = _keyspace.LockSlot(key.Slot);
        _keyspace[0].SetString(key, _value, Entry.NoExpiry, 0);
    }

    /// <summary>Takes everything away and fills again, what was taken away being freed meanwhile.</summary>
    private void Flush()
    {
        double held, wall;
        using (_keyspace.LockAll())
        {
            var (cpu, begun) = (ThreadClock.Milliseconds, Stopwatch.GetTimestamp());
            _keyspace[0].Clear(lazily: true);
            (held, wall) = (ThreadClock.Milliseconds - cpu, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        double freed = 0, step = 0;
        var thread = new Thread(() =>
        {
            var begun = Stopwatch.GetTimestamp();
            bool more;
            do
            {
                var cpu = ThreadClock.Milliseconds;
                more = _keyspace.Freeing.FreeSome();
                step = Math.Max(step, ThreadClock.Milliseconds - cpu);
            }
            while (more);
            freed = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
        });
        thread.Start();
        var times = new List<double>(_options.Keys);
        for (var i = 0; i < _options.Keys; i++)
        {
            var before = ThreadClock.Milliseconds;
            Set(i);
            times.Add(ThreadClock.Milliseconds - before);
        }

        thread.Join();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"flush: every stripe held for {held:F3} ms of CPU ({wall:F3} on the wall); freed within {freed:F0} ms, longest step {step:F1} ms CPU; "
            + $"longest SET meanwhile {times.Max():F2} ms CPU"));
        for (var i = 0; i < _options.ListElements; i++) Apply(1);
    }

    private static void Print(string what, List<double>[] times)
    {
        for (var kind = 0; kind < Kinds.Length; kind++)
        {
            var list = times[kind];
            if (list.Count == 0) continue;
            list.Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{what,-9} {Kinds[kind],-9} {list.Count,8} writes; CPU: median {list[list.Count / 2] * 1000:F2}, "
                + $"99.99 % {list[(int)(list.Count * 0.9999)] * 1000:F0}, longest {string.Join(' ', list.TakeLast(4).Select(Text))} us"));
        }
    }

    private static string Text(double milliseconds) => (milliseconds * 1000).ToString("F0", CultureInfo.InvariantCulture);
}
