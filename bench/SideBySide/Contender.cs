using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>A server under measurement, with its replica if it has one.</summary>
internal sealed class Contender : IDisposable
{
    private const int SetupPipeline = 16;
    private const int ListLength = 100;

    private readonly List<IDisposable> _processes;
    private readonly int _process;
    private readonly int _port;
    private readonly LoadGenerator _generator;

    private Contender(string name, int process, int port, List<IDisposable> processes)
    {
        Name = name;
        _process = process;
        _port = port;
        _processes = processes;
        _generator = new LoadGenerator(process, port);
    }

    /// <summary>What the table calls it.</summary>
    public string Name { get; }

    /// <summary>Starts a server, and a replica of the same kind where that is wanted.</summary>
    public static Contender Start(ServerKind kind, bool replica)
    {
        var name = kind == ServerKind.Redis ? "redis-server" : "starling";
        var server = ServerProcess.Start(kind, "save ", "repl-diskless-sync-delay 0");
        var processes = new List<IDisposable> { server };
        if (replica)
        {
            var master = "replicaof 127.0.0.1 " + server.Port.ToString(CultureInfo.InvariantCulture);
            var copy = ServerProcess.Start(kind, "save ", master);
            processes.Insert(0, copy);
            Wait.Until("the replica is in step", () => copy.Info("replication", "master_link_status") == "up");
        }

        return new Contender(name, server.Id, server.Port, processes);
    }

    /// <summary>Starts Garnet.</summary>
    public static Contender StartGarnet()
    {
        var garnet = new GarnetProcess();
        return new Contender("garnet", garnet.Id, garnet.Port, [garnet]);
    }

    /// <summary>
    /// Fills the server with the keys of a range and returns bytes per key; those of used_memory are null when the
    /// server does not tell them.
    /// </summary>
    public (double? Used, double Resident) Fill(KeyRange range)
    {
        var usedBefore = Used();
        var residentBefore = ProcessUsage.ResidentBytes(_process);
        Setup("SET k{s} {v}", range.Keys, range);
        return ((Used() - usedBefore) / (double?)range.Keys,
            (ProcessUsage.ResidentBytes(_process) - residentBefore) / (double)range.Keys);
    }

    /// <summary>Runs a command so many times and returns the bytes that the server took for it.</summary>
    public (double Used, double Resident) Fill(string text, int commands)
    {
        var usedBefore = Used();
        var residentBefore = ProcessUsage.ResidentBytes(_process);
        Setup(text, commands, new KeyRange(commands, 1));
        return ((Used() - usedBefore) ?? double.NaN, ProcessUsage.ResidentBytes(_process) - residentBefore);
    }

    /// <summary>Makes the other families of keys, those that the server knows the commands for.</summary>
    public void FillFamilies(KeyRange range)
    {
        Setup("SETEX e{s} 100000 {v}", range.Fewer, range);
        if (Refusal("LLEN l") is not null) return;
        Setup("RPUSH l{c} {v}", range.Lists * ListLength, range);
        Setup("RPUSH x{c} {v}", range.Lists * ListLength, range);
        foreach (var (text, collections, elements) in TypeLoads.Families)
        {
            if (Refusal(text) is not null) continue;
            Setup(text, (long)(collections == 0 ? range.Lists : collections) * elements, range);
        }
    }

    /// <summary>The error that a load's first command meets; null when the server takes it.</summary>
    public string? Refusal(string text)
    {
        var range = new KeyRange(1, 1);
        using var connection = new RespConnection(_port);
        var template = new CommandTemplate(text, range, seed: 0);
        var bytes = new byte[template.Length];
        template.Write(bytes, 0);
        connection.SendRaw(bytes);
        string? error = null;
        for (var i = 0; i < template.Commands; i++)
            if (connection.Read() is RespError refusal) error ??= refusal.Text;
        return error;
    }

    /// <summary>Runs a load, its preparation unmeasured.</summary>
    public Measurement Run(CommandLoad load, int pipeline, long operations, double longest, KeyRange range, ulong seed)
    {
        if (load.Before is { } before) Setup(before, operations, range);
        return _generator.Run(new CommandTemplate(load.Text, range, seed), operations, pipeline, longest);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _generator.Dispose();
        foreach (var process in _processes) process.Dispose();
    }

    private void Setup(string text, long operations, KeyRange range)
    {
        var done = _generator.Run(new CommandTemplate(text, range, seed: 0), operations, SetupPipeline, double.MaxValue);
        if (done.Error is { } error) throw new InvalidOperationException($"{Name} answers '{text}' with: {error}");
    }

    private long? Used()
    {
        using var connection = new RespConnection(_port);
        return RespConnection.Field(connection.Text("INFO", "memory"), "used_memory") is { } text
            ? long.Parse(text, CultureInfo.InvariantCulture)
            : null;
    }
}
