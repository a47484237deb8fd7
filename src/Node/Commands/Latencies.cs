using System.Text;
using Starling.Node.Serving;
using Starling.Node.Telemetry;

namespace Starling.Node.Commands;

/// <summary>LATENCY.</summary>
public static class Latencies
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    private static readonly string[] Special = ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"];
    private static readonly string[] Everywhere = ["request_policy:all_nodes", "response_policy:all_succeeded"];

    private static readonly string[] HelpLines =
    [
        "DOCTOR",
        "    Return a human readable latency analysis report.",
        "GRAPH <event>",
        "    Return an ASCII latency graph for the <event> class.",
        "HISTORY <event>",
        "    Return time-latency samples for the <event> class.",
        "LATEST",
        "    Return the latest latency samples for all events.",
        "RESET [<event> ...]",
        "    Reset latency data of one or more <event> classes.",
        "    (default: reset all data for all event classes)",
        "HISTOGRAM [COMMAND ...]",
        "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
        "    If no commands are specified then all histograms are replied.",
    ];

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("latency", -2, CommandFlags.None, KeySpec.None, handler: null)
        {
            Group = "server",
            Since = "2.8.13",
            Summary = "A container for latency diagnostics commands.",
            Subcommands =
            [
                Row("history", 3, History, "Returns the worst durations of an event, second by second.", Special),
                Row("latest", 2, Latest, "Returns the latest durations of all events.", Special),
                Row("graph", 3, Graph, "Draws the worst durations of an event.", Special),
                Row("histogram", -2, Histogram, "Returns how the durations of commands are distributed.", Special),
                Row("reset", -2, Reset, "Forgets the durations of some events or all.", Everywhere),
                Row("doctor", 2, Doctor, "Says in words what was slow.", Special),
                new Command("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Help)
                {
                    Group = "server", Since = "2.8.13", Summary = "Returns helpful text about the different subcommands.",
                },
            ],
        },
    ];

    private static Command Row(string name, int arity, CommandHandler handler, string summary, string[] tips) =>
        new(name, arity, Flags, KeySpec.None, handler)
        {
            Group = "server",
            Since = name == "histogram" ? "7.0.0" : "2.8.13",
            Summary = summary,
            Tips = tips,
        };

    private static void History(CommandContext call)
    {
        var samples = Find(call, 2)?.Samples ?? [];
        call.Reply.Array(samples.Length);
        foreach (var sample in samples)
        {
            call.Reply.Array(2);
            call.Reply.Integer(sample.Time);
            call.Reply.Integer(sample.Milliseconds);
        }
    }

    private static void Latest(CommandContext call)
    {
        var all = call.Node.LatencyMonitor.All();
        call.Reply.Array(all.Length);
        foreach (var series in all)
        {
            call.Reply.Array(4);
            call.Reply.Bulk(series.Event);
            call.Reply.Integer(series.Latest.Time);
            call.Reply.Integer(series.Latest.Milliseconds);
            call.Reply.Integer(series.Longest);
        }
    }

    private static void Graph(CommandContext call)
    {
        if (Find(call, 2) is { } series) WriteText(call, LatencyGraph.Draw(series, call.Now / 1000));
        else call.ErrorQuoting("ERR No samples available for event '"u8, call[2], "'"u8);
    }

    private static void Doctor(CommandContext call) =>
        WriteText(call, LatencyDoctor.Examine(call.Node.Config, call.Node.LatencyMonitor.All(), call.Now / 1000));

    private static void WriteText(CommandContext call, string text) => call.Reply.Verbatim("txt"u8, Encoding.UTF8.GetBytes(text));

    private static void Reset(CommandContext call)
    {
        var count = 0;
        if (call.Count == 2) count = call.Node.LatencyMonitor.ForgetAll();
        for (var i = 2; i < call.Count; i++)
            if (call.Node.LatencyMonitor.Forget(Encoding.Latin1.GetString(call[i]))) count++;
        call.Reply.Integer(count);
    }

    private static LatencySeries? Find(CommandContext call, int index) =>
        call.Node.LatencyMonitor.Find(Encoding.Latin1.GetString(call[index]));

    private static void Histogram(CommandContext call)
    {
        var mark = call.Reply.BeginArray();
        var count = 0;
        if (call.Count == 2) count = call.Node.Commands.Commands.Sum(command => WriteHistograms(call, command));
        for (var i = 2; i < call.Count; i++)
            if (call.Node.Commands.FindFullName(call[i]) is { } command) count += WriteHistograms(call, command);
        call.Reply.EndMap(mark, count);
    }

    /// <summary>Writes the histogram of a command, or those of its subcommands; how many those are.</summary>
    private static int WriteHistograms(CommandContext call, CommandRow command)
    {
        var count = command.AllSubcommands.Sum(subcommand => WriteHistograms(call, subcommand));
        if (call.Node.Stats.LatencyOf(command) is not { } latency) return count;
        var steps = latency.Doublings();
        call.Reply.Bulk(command.FullName);
        call.Reply.Map(2);
        call.Reply.Bulk("calls"u8);
        call.Reply.Integer(steps[^1].Count);
        call.Reply.Bulk("histogram_usec"u8);
        call.Reply.Map(steps.Count);
        foreach (var (microseconds, calls) in steps)
        {
            call.Reply.Integer(microseconds);
            call.Reply.Integer(calls);
        }

        return count + 1;
    }

    private static void Help(CommandContext call) => HelpReply.Write(call.Reply, "LATENCY", HelpLines);
}
