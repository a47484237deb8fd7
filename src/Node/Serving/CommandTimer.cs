using System.Diagnostics;
using Starling.Node.Telemetry;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>
/// Counts the time that the commands of one context take, and tells of slow ones. One thread at a time. Commands of one row that
/// follow each other and are short as a rule share one look at the clock, up to the end of their batch; every other command has its
/// own.
/// </summary>
internal sealed class CommandTimer(CommandContext call, CommandWatch watch)
{
    private const int MostShared = CommandBatch.Length;

    // Beyond these a command may take long, whatever is the rule.
    private const int FewArguments = 32;
    private const int ShortCall = 16 * 1024;
    private const int ShortReply = 16 * 1024;

    private Command? _command;
    private ArgumentList _arguments = call.Arguments; // of the last command counted
    private long _since;
    private long _calls; // since then
    private bool _shares; // the look at the clock
    private long _longReply; // length of all replies from which on the last one was long
    private PutOff? _putOff;

    /// <summary>Counts the time of a command of this row from now on.</summary>
    public void Count(Command command)
    {
        _arguments = call.Arguments;
        if (_shares && ReferenceEquals(command, _command) && _calls < MostShared && MayShare(command))
        {
            _calls++;
            return;
        }

        if (_command is null) _since = Stopwatch.GetTimestamp();
        else Look();
        Begin(command);
    }

    /// <summary>The handler of the command counted last has returned.</summary>
    public void NoteEnd()
    {
        if (!_shares || call.Reply.Length >= _longReply) Look();
    }

    /// <summary>The command counted last waits, and will run again: what it took is not the whole of it.</summary>
    public void NoteBlocked()
    {
        if (--_calls > 0)
        {
            Look(); // those that shared its look at the clock are done
            return;
        }

        var now = Stopwatch.GetTimestamp();
        call.Stats.PerCommand[_command!.Ordinal].Ticks += now - _since;
        _since = now;
    }

    /// <summary>The command counted last has its client wait for work done elsewhere, which is a part of it.</summary>
    public void PutOffEnd()
    {
        var arguments = new ArgumentList();
        arguments.CopyFrom(_arguments);
        _putOff = new PutOff(_command!, arguments, _since);
        (_since, _calls) = (Stopwatch.GetTimestamp(), 0);
    }

    /// <summary>That work is done.</summary>
    public void EndPutOff()
    {
        if (_putOff is not { } ended) return;
        _putOff = null;
        Note(ended.Command, ended.Arguments, Stopwatch.GetTimestamp() - ended.Since, calls: 1);
    }

    /// <summary>Commands that run inside the one counted last are about to: they are counted for themselves too.</summary>
    /// <returns>For <see cref="EndInner"/>.</returns>
    public long BeginInner()
    {
        var since = _since;
        (_command, _calls) = (null, 0);
        return since;
    }

    /// <summary>They have run: the time of the outer one goes on.</summary>
    public void EndInner(Command outer, long since)
    {
        Look();
        _arguments = call.Arguments;
        Begin(outer);
        (_since, _shares) = (since, false);
    }

    /// <summary>Counts the time up to now. What is counted next begins here.</summary>
    public void Look()
    {
        if (_calls == 0) return;
        var now = Stopwatch.GetTimestamp();
        Note(_command!, _arguments, now - _since, _calls);
        (_since, _calls) = (now, 0);
    }

    /// <summary>As <see cref="Look"/>; what is counted next begins when it comes.</summary>
    public void End()
    {
        Look();
        (_command, _shares) = (null, false);
    }

    private void Begin(Command command)
    {
        _command = command;
        _calls = 1;
        _shares = MayShare(command);
        _longReply = call.Reply.Length + ShortReply;
    }

    private bool MayShare(Command command) =>
        command.IsShort && !watch.IsFine && _arguments.Count <= FewArguments && _arguments.Whole.Length <= ShortCall;

    /// <summary>Commands that shared one look at the clock share the time in equal parts, in INFO latencystats too.</summary>
    private void Note(Command command, ArgumentList arguments, long ticks, long calls)
    {
        call.Stats.PerCommand[command.Ordinal].Ticks += ticks;
        if (call.Node.Config.LatencyTracking)
        {
            var nanoseconds = (long)(ticks * (1e9 / Stopwatch.Frequency) / calls);
            call.Stats.NoteLatency(command.Ordinal, nanoseconds, calls);
        }

        if (ticks >= watch.SlowTicks) watch.NoteSlow(call.Session, command, arguments, call.Now, ticks);
    }

    /// <summary>A command whose end is to come.</summary>
    private sealed record PutOff(Command Command, ArgumentList Arguments, long Since);
}
