using System.Diagnostics;
using Starling.Node.Config;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Telemetry;

/// <summary>Says from which time on a command is slow, and sees to those that were. Any thread.</summary>
internal sealed class CommandWatch
{
    /// <summary>The event of a slow command.</summary>
    public const string CommandEvent = "command";

    /// <summary>The event of a slow command that should be fast by its flags.</summary>
    public const string FastCommandEvent = "fast-command";

    private const double Microsecond = 1e6;

    // Commands that look at the clock together take their time together: too coarse for who asks for shorter times.
    private const long ShortestShared = 1000; // microseconds

    private readonly ServerConfig _config;
    private readonly SlowLog _slowLog;
    private readonly LatencyMonitor _latencies;

    /// <summary>Makes it of a node's configuration, which it follows.</summary>
    public CommandWatch(ServerConfig config, SlowLog slowLog, LatencyMonitor latencies)
    {
        (_config, _slowLog, _latencies) = (config, slowLog, latencies);
        config.OnChange("slowlog-log-slower-than", Choose);
        config.OnChange("latency-monitor-threshold", Choose);
        Choose();
    }

    /// <summary>Ticks of <see cref="Stopwatch"/> from which on a command is to be told of.</summary>
    public long SlowTicks { get; private set; }

    /// <summary>Every command is to be measured by itself.</summary>
    public bool IsFine { get; private set; }

    /// <summary>A command has taken at least <see cref="SlowTicks"/>.</summary>
    public void NoteSlow(NodeSession session, Command command, ArgumentList arguments, long now, long ticks)
    {
        var microseconds = (long)(ticks * (Microsecond / Stopwatch.Frequency));
        var slowest = _config.SlowLogSlowerThan;
        if (slowest >= 0 && microseconds >= slowest && (command.Flags & CommandFlags.SkipSlowLog) == 0)
            _slowLog.Add(session, arguments, now, microseconds);
        _latencies.Note((command.Flags & CommandFlags.Fast) != 0 ? FastCommandEvent : CommandEvent, microseconds / 1000);
    }

    private void Choose()
    {
        var slow = _config.SlowLogSlowerThan;
        IsFine = slow is >= 0 and < ShortestShared;
        var threshold = _config.LatencyMonitorThreshold;
        SlowTicks = Math.Min(
            slow < 0 ? long.MaxValue : Ticks(slow, Microsecond), threshold == 0 ? long.MaxValue : Ticks(threshold, Microsecond / 1000));
    }

    private static long Ticks(long time, double perSecond) =>
        time > long.MaxValue / Stopwatch.Frequency ? long.MaxValue : (long)(time * (Stopwatch.Frequency / perSecond));
}
