using System.Diagnostics;
using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// A data set of all types, some 2 GB of redis-server's memory: how long a save and a load take, what clients and memory see of
/// a BGSAVE under half of the load that the server can take, and of commands that free or make much at once.
/// </summary>
internal sealed class MixedComparison
{
    private const int Pipeline = 16;
    private static readonly TimeSpan Stretch = TimeSpan.FromSeconds(5);

    /// <summary>What is filled, and by how many commands.</summary>
    private static readonly (string Text, int Commands)[] DataSets =
    [
        ("SET k{s} {v}", 4_000_000),
        ("HSET h{s}" + MemoryComparison.Repeat(" f# v{s}", 10), 500_000),
        ("RPUSH l{s}" + MemoryComparison.Repeat(" e{s}", 20), 300_000),
        ("SADD s{s}" + MemoryComparison.Repeat(" 1#", 50), 300_000),
        ("ZADD z{s}" + MemoryComparison.Repeat(" # m{s}#", 20), 300_000),
        ("HSET hash f{s} {v}", 2_000_000),
        ("SADD set m{s}", 2_000_000),
        ("ZADD sorted {s} m{s}", 2_000_000),
        ("RPUSH list e{s}", 4_000_000),
        ("XADD stream * field {v}", 2_000_000),
    ];

    /// <summary>One operation of the load: writes to small keys and to the large ones.</summary>
    private const string Load = "SET k{r} {v} ; HSET h{m} f11 {v} ; ZADD z{m} 7 m ; HSET hash f{r} {v} ; ZADD sorted 5 m{r} ; SADD set m{r}"
        + " ; RPUSH list e{s} ; LPOP list";

    private readonly int _fewer;
    private readonly string _name;
    private readonly ServerProcess _server;

    private MixedComparison(int fewer, ServerKind kind, ServerProcess server)
    {
        _fewer = fewer;
        _name = kind == ServerKind.Redis ? "redis-server" : "starling";
        _server = server;
    }

    /// <summary>Measures one server and prints what was seen.</summary>
    /// <param name="fewer">Divides the numbers of commands: for a first look.</param>
    /// <param name="kind">Which server.</param>
    public static void Run(int fewer, ServerKind kind)
    {
        using var server = ServerProcess.Start(kind, "save ");
        var comparison = new MixedComparison(fewer, kind, server);
        comparison.Fill();
        comparison.SaveUnderLoad();
        comparison.SaveAndLoad();
        comparison.FreeMuch();
    }

    private void Fill()
    {
        using var generator = new LoadGenerator(_server.Id, _server.Port);
        foreach (var (text, commands) in DataSets)
        {
            var done = generator.Run(new CommandTemplate(text, Range, seed: 0), commands / _fewer, Pipeline, double.MaxValue);
            if (done.Error is { } error) throw new InvalidOperationException(error);
        }

        Tell("data set", string.Create(CultureInfo.InvariantCulture, $"{Megabytes(Used())} MB used, {Megabytes(Resident())} MB resident"));
    }

    private KeyRange Range => new(2_000_000 / _fewer, 300_000 / _fewer);

    private void SaveUnderLoad()
    {
        using var generator = new LoadGenerator(_server.Id, _server.Port);
        var most = generator.Run(NewLoad(), long.MaxValue, Pipeline, longest: 3);
        if (most.Error is { } error) throw new InvalidOperationException(error);
        var rate = most.OperationsPerSecond / 2;
        Tell("load", string.Create(CultureInfo.InvariantCulture, $"{rate:F0} operations of 8 commands a second, half of the most"));
        Tell("load alone", UnderLoad(rate, () => Thread.Sleep(Stretch)));
        var before = Resident();
        var peak = before;
        var watch = new Stopwatch();
        Tell("during BGSAVE", UnderLoad(rate, () => peak = BackgroundSave(watch)));
        Tell("BGSAVE under load", string.Create(CultureInfo.InvariantCulture,
            $"{watch.Elapsed.TotalSeconds:F2} s; resident {Megabytes(before)} MB before, {Megabytes(peak)} at the most "
            + $"({100.0 * (peak - before) / before:F1} % more); copied for the child {Copied()} MB"));
    }

    /// <summary>Saves in the background; returns the most resident bytes of the process meanwhile.</summary>
    private long BackgroundSave(Stopwatch watch)
    {
        var peak = Resident();
        using var client = _server.Connect();
        watch.Start();
        client.Text("BGSAVE");
        while (RespConnection.Field(client.Text("INFO", "persistence"), "rdb_bgsave_in_progress") != "0")
        {
            peak = Math.Max(peak, Resident());
            Thread.Sleep(20);
        }

        watch.Stop();
        return Math.Max(peak, Resident());
    }

    private void SaveAndLoad()
    {
        var watch = Stopwatch.StartNew();
        _server.Text("SAVE");
        Tell("SAVE", string.Create(CultureInfo.InvariantCulture,
            $"{watch.Elapsed.TotalSeconds:F2} s, {Megabytes(new FileInfo(Path.Combine(_server.Folder, "dump.rdb")).Length)} MB"));
        var keys = _server.Text("DBSIZE");
        _server.Kill();
        watch.Restart();
        _server.Start();
        Tell("load", string.Create(CultureInfo.InvariantCulture,
            $"{watch.Elapsed.TotalSeconds:F2} s; {Megabytes(Used())} MB used, {Megabytes(Resident())} MB resident"));
        if (_server.Text("DBSIZE") != keys) throw new InvalidOperationException("the load lost keys");
    }

    private void FreeMuch()
    {
        Tell("ZUNIONSTORE", Watch.Beside(_server, "ZUNIONSTORE", "union", "2", "sorted", "set"));
        Tell("UNLINK sorted set", Watch.Beside(_server, "UNLINK", "union"));
        Tell("FLUSHALL", Watch.Beside(_server, "FLUSHALL"));
    }

    /// <summary>What one client sees while something is done to a server under a steady load.</summary>
    private LatencySample UnderLoad(double rate, Action action)
    {
        using var generator = new LoadGenerator(_server.Id, _server.Port);
        var template = NewLoad();
        return Watch.UnderLoad(_server, seconds => generator.Run(template, long.MaxValue, Pipeline, seconds, rate), action);
    }

    private CommandTemplate NewLoad() => new(Load, Range, seed: 7);

    private long Used() => long.Parse(_server.Info("memory", "used_memory")!, CultureInfo.InvariantCulture);

    private long Resident() => ProcessUsage.ResidentBytes(_server.Id);

    private long Copied() => Megabytes(long.Parse(_server.Info("persistence", "rdb_last_cow_size")!, CultureInfo.InvariantCulture));

    private static long Megabytes(long bytes) => bytes / 1_000_000;

    private void Tell(string what, object seen) => Console.WriteLine($"{_name,-12} {what,-17} {seen}");
}
