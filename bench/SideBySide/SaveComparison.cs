using System.Diagnostics;
using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// BGSAVE under full SET load, and what one client sees meanwhile, during the same load without a save, and while all of
/// it is deleted. The servers come one after the other: one data set at a time.
/// </summary>
internal sealed class SaveComparison
{
    private const int Pipeline = 16;
    private const int Pushed = 1000;
    private static readonly TimeSpan WithoutSave = TimeSpan.FromSeconds(4);

    private readonly SaveOptions _options;
    private readonly string _name;
    private readonly ServerProcess _server;
    private readonly LoadGenerator _generator;

    private SaveComparison(SaveOptions options, ServerKind kind, ServerProcess server)
    {
        _options = options;
        _name = kind == ServerKind.Redis ? "redis-server" : "starling";
        _server = server;
        _generator = new LoadGenerator(server.Id, server.Port);
    }

    /// <summary>Measures one server and prints what was seen.</summary>
    public static void Run(SaveOptions options, ServerKind kind)
    {
        using var server = ServerProcess.Start(kind, "save ", "proto-max-bulk-len 1gb");
        var comparison = new SaveComparison(options, kind, server);
        using (comparison._generator)
        {
            comparison.Fill(measured: true);
            var saves = new List<double>();
            for (var round = 0; round < options.Rounds; round++)
            {
                comparison.Tell("load alone", comparison.UnderLoad(() => Thread.Sleep(WithoutSave)));
                var seconds = 0.0;
                var seen = comparison.UnderLoad(() => seconds = comparison.Save());
                saves.Add(seconds);
                comparison.Tell(string.Create(CultureInfo.InvariantCulture, $"BGSAVE {seconds:F2} s"), seen);
            }

            saves.Sort();
            comparison.Tell("BGSAVE under load", string.Create(CultureInfo.InvariantCulture,
                $"median {saves[saves.Count / 2]:F2} s, from {saves[0]:F2} to {saves[^1]:F2}"));
            comparison.Delete();
        }
    }

    private void Fill(bool measured)
    {
        var used = Used();
        var resident = ProcessUsage.ResidentBytes(_server.Id);
        var template = new CommandTemplate("SET k{s} {v}", new KeyRange(_options.Keys, 1), seed: 0);
        var done = _generator.Run(template, _options.Keys, Pipeline, double.MaxValue);
        if (done.Error is { } error) throw new InvalidOperationException(error);
        if (measured) Tell("memory", string.Create(CultureInfo.InvariantCulture,
            $"{(Used() - used) / (double)_options.Keys:F1} bytes a key, resident "
            + $"{(ProcessUsage.ResidentBytes(_server.Id) - resident) / (double)_options.Keys:F1}"));
        using var client = _server.Connect();
        if (_options.ListElements > 0) FillList(client, "list", _options.ListElements);
        if (_options.StringBytes > 0) client.Text("SETRANGE", "string", Number(_options.StringBytes - 1), "x");
    }

    private static void FillList(RespConnection client, string key, int elements)
    {
        string[] push = ["RPUSH", key, .. Enumerable.Range(0, Pushed).Select(number => Number(number).PadLeft(20, 'e'))];
        var bytes = RespConnection.Encode(push);
        for (var i = 0; i < elements / Pushed; i++)
        {
            client.SendRaw(bytes);
            if (client.Read() is RespError error) throw new InvalidOperationException(error.Text);
        }
    }

    /// <summary>What a client sees while something is done to a server that is fully loaded with SETs.</summary>
    private LatencySample UnderLoad(Action action)
    {
        var template = new CommandTemplate("SET k{r} {v}", new KeyRange(_options.Keys, 1), seed: 7);
        var longest = 0.0;
        var seen = Watch.UnderLoad(_server, seconds => _generator.Run(template, long.MaxValue, Pipeline, seconds), () =>
        {
            using var writer = new LargeWriter(_server.Port, _options);
            action();
            writer.Dispose();
            longest = writer.Longest;
        });
        if (longest > 0) Tell("list and string", string.Create(CultureInfo.InvariantCulture, $"longest write {longest:F1} ms"));
        return seen;
    }

    private double Save()
    {
        using var client = _server.Connect();
        var watch = Stopwatch.StartNew();
        client.Text("BGSAVE");
        while (RespConnection.Field(client.Text("INFO", "persistence"), "rdb_bgsave_in_progress") != "0") Thread.Sleep(20);
        if (RespConnection.Field(client.Text("INFO", "persistence"), "rdb_last_bgsave_status") != "ok")
            throw new InvalidOperationException("the save failed");
        return watch.Elapsed.TotalSeconds;
    }

    /// <summary>What a client sees while large keys and then everything are deleted; no other load.</summary>
    private void Delete()
    {
        if (_options.ListElements > 0) Tell("UNLINK of the list", Watch.Beside(_server, "UNLINK", "list"));
        if (_options.StringBytes > 0) Tell("UNLINK of the string", Watch.Beside(_server, "UNLINK", "string"));
        using (var client = _server.Connect())
            for (var i = 0; i < 20; i++) FillList(client, "list" + Number(i), 500_000);
        Tell("FLUSHALL ASYNC", Watch.Beside(_server, "FLUSHALL", "ASYNC"));
        Fill(measured: false);
        Tell("FLUSHALL SYNC", Watch.Beside(_server, "FLUSHALL", "SYNC"));
    }

    private long Used() => long.Parse(_server.Info("memory", "used_memory")!, CultureInfo.InvariantCulture);

    private void Tell(string what, object seen) => Console.WriteLine($"{_name,-12} {what,-20} {seen}");

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
