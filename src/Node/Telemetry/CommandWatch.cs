using System.Diagnostics;
using Starling.Node.Config;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Telemetry;

/// <summary>Says from which time on a command is slow, and sees to those that were. Any thread.</summary>
internal sealed class CommandWatch
{
    private const double Microsecond = 1e6;

    // Commands that look at the clock together take their time together: too coarse for who asks for shorter times.
    private const long ShortestShared = 1000; // microseconds

    private readonly ServerConfig _config;
    private readonly SlowLog _slowLog;

    /// <summary>Makes it of a node's configuration, which it follows.</summary>
    public CommandWatch(ServerConfig config, SlowLog slowLog)
    {
        (_config, _slowLog) = (config, slowLog);
        config.OnChange("slowlog-log-slower-than", Choose);
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
    }

    private void Choose()
    {
        var slow = _config.SlowLogSlowerThan;
        IsFine = slow is >= 0 and < ShortestShared;
        SlowTicks = slow < 0 || slow > long.MaxValue / Stopwatch.Frequency ? long.MaxValue : (long)(slow * (Stopwatch.Frequency / Microsecond));
    }
}
