using System.Diagnostics;

namespace Starling.Node.Serving;

/// <summary>Counts the time that the commands of one context take. One thread at a time.</summary>
internal sealed class CommandTimer(CommandContext call)
{
    private Command? _command;
    private long _since;
    private long _calls;

    /// <summary>
    /// Counts the time of a command of this row from now on. Commands of one row in succession share one look at the
    /// clock.
    /// </summary>
    public void Count(Command command)
    {
        if (ReferenceEquals(command, _command))
        {
            _calls++;
            return;
        }

        var now = Stopwatch.GetTimestamp();
        if (_command is { } before) Note(before, now - _since);
        _command = command;
        _since = now;
        _calls = 1;
    }

    /// <summary>Stops counting.</summary>
    public void End()
    {
        if (_command is not { } command) return;
        Note(command, Stopwatch.GetTimestamp() - _since);
        _command = null;
    }

    /// <summary>Commands that shared one look at the clock share the time in equal parts, in INFO latencystats too.</summary>
    private void Note(Command command, long ticks)
    {
        call.Stats.PerCommand[command.Ordinal].Ticks += ticks;
        if (!call.Node.Config.LatencyTracking) return;
        var nanoseconds = (long)(ticks * (1e9 / Stopwatch.Frequency) / _calls);
        call.Stats.NoteLatency(command.Ordinal, nanoseconds, _calls);
    }
}
