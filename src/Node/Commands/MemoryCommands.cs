using System.Globalization;
using System.Text;
using Starling.Node.Serving;
using Starling.Node.Telemetry;

namespace Starling.Node.Commands;

/// <summary>MEMORY: what the memory is used for.</summary>
public static class MemoryCommands
{
    private static readonly string[] Everywhere = ["request_policy:all_shards", "response_policy:all_succeeded"];
    private static readonly string[] Special = ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"];

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("memory", -2, CommandFlags.None, KeySpec.None, null)
        {
            Group = "server", Since = "4.0.0", Summary = "Container of commands that tell what memory is used for.",
            Subcommands =
            [
                Row("doctor", "Says in words what looks wrong with the memory.", Special, Doctor),
                Row("malloc-stats", "Shows what the allocators say of themselves.", Special, MallocStats),
                Row("purge", "Gives free memory back to the system.", Everywhere, Purge),
                Row("stats", "Shows what the memory is used for.", Special, Stats),
                new Command("usage", -3, CommandFlags.ReadOnly, KeySpec.At(2), Usage)
                {
                    KeyFlags = "RO", Group = "server", Since = "4.0.0", ArgumentsHelp = "<key> [SAMPLES <count>]",
                    Summary = "Returns the bytes that a key takes with its value.",
                },
            ],
        },
    ];

    /// <summary>
    /// What a reference in a bucket takes: 64 bytes have room for seven, and are filled with some five on average.
    /// </summary>
    private const int BytesPerReference = 12;

    private static Command Row(string name, string summary, string[] tips, CommandHandler handler) =>
        new(name, 2, CommandFlags.None, KeySpec.None, handler)
        {
            Locks = LockMode.None,
            Tips = tips,
            Group = "server",
            Since = "4.0.0",
            Summary = summary,
        };

    /// <summary>SAMPLES is checked, but every element counts: the blocks of a value are known without a look at it.</summary>
    private static void Usage(CommandContext call)
    {
        for (var i = 3; i < call.Count; i += 2)
        {
            if (!call.Is(i, "samples"u8) || i + 1 == call.Count)
            {
                call.SyntaxError();
                return;
            }

            if (!call.TryInteger(i + 1, out long samples)) return;
            if (samples >= 0) continue;
            call.SyntaxError();
            return;
        }

        if (call.Database.TryFind(call.Key(2), out var entry)) call.Reply.Integer(entry.AllocatedBytes + BytesPerReference);
        else call.Reply.Null();
    }

    private static void Purge(CommandContext call)
    {
        call.Node.MemoryReports.Purge();
        call.Ok();
    }

    private static void MallocStats(CommandContext call) =>
        call.Reply.Verbatim("txt"u8, Encoding.ASCII.GetBytes(call.Node.MemoryReports.DescribeAllocators()));

    private static void Doctor(CommandContext call) =>
        call.Reply.Verbatim("txt"u8, Encoding.ASCII.GetBytes(MemoryDoctor.Examine(
            call.Node.MemoryReports.Report(), call.Node.Clients.Count, call.Node.Replication.ReplicaCount)));

    private static void Stats(CommandContext call)
    {
        var report = call.Node.MemoryReports.Report();
        var databases = new List<int>();
        long keys = 0;
        for (var i = 0; i < call.Keyspace.DatabaseCount; i++)
        {
            keys += call.Keyspace[i].Count;
            if (call.Keyspace[i].Count > 0) databases.Add(i);
        }

        var tables = keys * BytesPerReference;
        var (overhead, dataSet) = (report.Overhead + tables, Math.Max(0, report.DataSet - tables));
        var reply = call.Reply;
        reply.Map(FixedStatistics + databases.Count);
        Number(call, "peak.allocated", report.Peak);
        Number(call, "total.allocated", report.Used);
        Number(call, "startup.allocated", report.Start);
        Number(call, "replication.backlog", report.Backlog);
        Number(call, "clients.slaves", report.Replicas);
        Number(call, "clients.normal", report.Clients);
        Number(call, "cluster.links", call.Node.MemoryReports.ClusterLinkBytes);
        Number(call, "aof.buffer", 0);
        Number(call, "lua.caches", call.Node.Scripts.SourceBytes);
        Number(call, "functions.caches", call.Node.Scripts.Functions.OwnBytes);
        foreach (var index in databases) WriteDatabase(call, index);
        Number(call, "overhead.total", overhead);
        Number(call, "keys.count", keys);
        Number(call, "keys.bytes-per-key", keys == 0 ? 0 : report.DataSet / keys);
        Number(call, "dataset.bytes", dataSet);
        Fraction(call, "dataset.percentage", report.DataSetPercent);
        Fraction(call, "peak.percentage", report.PeakPercent);
        Number(call, "allocator.allocated", report.Used);
        Number(call, "allocator.active", report.Active);
        Number(call, "allocator.resident", report.Held);
        Part(call, "allocator-fragmentation", report.Active, report.Used);
        Part(call, "allocator-rss", report.Held, report.Active);
        Part(call, "rss-overhead", report.Resident, report.Held);
        Fraction(call, "fragmentation", MemoryReport.Ratio(report.Resident, report.Used));
        Number(call, "fragmentation.bytes", report.Resident - report.Used);
    }

    /// <summary>Fields of MEMORY STATS beside one for each database.</summary>
    private const int FixedStatistics = 27;

    /// <summary>Expiries lie in the entries: they have no table of their own.</summary>
    private static void WriteDatabase(CommandContext call, int index)
    {
        call.Reply.Bulk("db." + index.ToString(CultureInfo.InvariantCulture));
        call.Reply.Map(3);
        Number(call, "overhead.hashtable.main", call.Keyspace[index].Count * BytesPerReference);
        Number(call, "overhead.hashtable.expires", 0);
        Number(call, "overhead.hashtable.slot-to-keys", 0);
    }

    private static void Part(CommandContext call, string name, long whole, long part)
    {
        Fraction(call, name + ".ratio", MemoryReport.Ratio(whole, part));
        Number(call, name + ".bytes", whole - part);
    }

    private static void Number(CommandContext call, string name, long value)
    {
        call.Reply.Bulk(name);
        call.Reply.Integer(value);
    }

    private static void Fraction(CommandContext call, string name, double value)
    {
        call.Reply.Bulk(name);
        call.Reply.Double(value);
    }
}
