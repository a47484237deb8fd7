using Starling.Slots;

namespace Starling.Serving;

/// <summary>
/// Pauses, and the clients whose commands are held back. When a pause is over, those that it held go first, one after another
/// in the order in which they came, whatever their I/O threads; until the last of them has run, commands that the pause would
/// have held wait behind them. Any thread.
/// </summary>
internal sealed class HeldClients(TimeProvider clock)
{
    private const long LongestWait = 1000; // milliseconds: pauses end by the wall clock, which may step

    // Guards what follows. A leaf: those who are let go are only woken under it, which leaves something in a mailbox.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(HeldClients));
    private readonly Dictionary<string, Pause> _pauses = new(StringComparer.Ordinal);
    private readonly List<ClientConnection> _byKeys = [];
    private readonly List<ClientConnection> _byPause = []; // in the order in which they came
    private readonly LinkedList<ClientConnection> _line = new(); // who was held by a pause that is over; the first one's turn it is
    private readonly List<ClientConnection> _behindLine = [];
    private int _returned; // how many at the beginning of _byPause have been in the line before
    private bool _holdsAll; // the line comes of a pause of every command
    private long _keyReleases;
    private long _pauseReleases;
    private long _lineReleases;
    private long _pausedAllUntil;
    private long _pausedWritesUntil;
    private long _nextEnd; // when the first pause ends; 0 for never
    private int _lineLength;

    /// <summary>False when certainly no pause is on.</summary>
    public bool MayBePaused => Volatile.Read(ref _pausedWritesUntil) != 0;

    /// <summary>How many there are in line whose pause is over.</summary>
    public int Length => Volatile.Read(ref _lineLength);

    /// <summary>What has been let go so far.</summary>
    public HoldMarks Marks =>
        new(Interlocked.Read(ref _keyReleases), Interlocked.Read(ref _pauseReleases), Interlocked.Read(ref _lineReleases));

    /// <summary>True while some pause is on.</summary>
    public bool IsPaused(long now) => now < Volatile.Read(ref _pausedWritesUntil);

    /// <summary>The pause that a reason has set, or null.</summary>
    public Pause? PauseOf(string reason)
    {
        using (_lock.Enter()) return _pauses.TryGetValue(reason, out var pause) ? pause : null;
    }

    /// <summary>Sets a pause, in the place of one with the same reason; those whom it does not hold any more look anew.</summary>
    public void SetPause(string reason, Pause pause)
    {
        ClientConnection? next = null;
        using (_lock.Enter())
        {
            var isWeaker = _pauses.TryGetValue(reason, out var former)
                && ((former.IsAll && !pause.IsAll) || pause.Until < former.Until);
            _pauses[reason] = pause;
            Recompute();
            if (isWeaker) next = LetGo(former.IsAll);
        }

        next?.ScheduleResume();
    }

    /// <summary>Ends a pause before its time.</summary>
    public void EndPause(string reason)
    {
        ClientConnection? next;
        using (_lock.Enter())
        {
            if (!_pauses.Remove(reason, out var pause)) return;
            Recompute();
            next = LetGo(pause.IsAll);
        }

        next?.ScheduleResume();
    }

    /// <summary>Ends the pauses whose time is over, which nobody has noticed yet.</summary>
    public void EndOverdue(long now)
    {
        var end = Volatile.Read(ref _nextEnd);
        if (end == 0 || now < end) return;
        ClientConnection? next;
        using (_lock.Enter())
        {
            var hasEnded = false;
            var isAll = false;
            foreach (var (reason, pause) in _pauses)
            {
                if (pause.Until > now) continue;
                _pauses.Remove(reason);
                hasEnded = true;
                isAll |= pause.IsAll;
            }

            if (!hasEnded) return;
            Recompute();
            next = LetGo(isAll);
        }

        next?.ScheduleResume();
    }

    /// <summary>Whether pauses, or those who were held by one, hold back a command.</summary>
    /// <param name="connection">Whose command; null for nobody's.</param>
    /// <param name="flags">The command's flags, or those of a transaction's commands together.</param>
    /// <param name="isServed">The client was woken for a key by another one's command, and is served with that.</param>
    /// <param name="now">The command's time.</param>
    public HoldReason Judge(ClientConnection? connection, CommandFlags flags, bool isServed, long now)
    {
        if (!MayBePaused && Volatile.Read(ref _lineLength) == 0) return HoldReason.None;
        EndOverdue(now);
        var mayWrite = (flags & (CommandFlags.Write | CommandFlags.MayReplicate)) != 0;
        if (now < Volatile.Read(ref _pausedWritesUntil) && (mayWrite || now < Volatile.Read(ref _pausedAllUntil)))
            return HoldReason.Pause;
        using (_lock.Enter())
        {
            if (isServed || _line.First is not { } first || first.Value == connection) return HoldReason.None;
            return mayWrite || _holdsAll ? HoldReason.Line : HoldReason.None;
        }
    }

    /// <summary>
    /// Keeps a connection until those are let go who are held for the same reason; resumes it at once when that has happened
    /// since it was dispatched.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="marks">What <see cref="Marks"/> was before its command was dispatched.</param>
    /// <param name="reason">Why it is held.</param>
    /// <returns>Milliseconds after which to call <see cref="EndOverdue"/>; 0 for never.</returns>
    public long Hold(ClientConnection connection, in HoldMarks marks, HoldReason reason)
    {
        using (_lock.Enter())
        {
            switch (reason)
            {
                case HoldReason.Keys when _keyReleases == marks.Keys:
                    _byKeys.Add(connection);
                    return 0;
                case HoldReason.Pause when _pauseReleases == marks.Pauses:
                    // Who comes back from the line is still before those who have come since.
                    if (_line.First?.Value == connection) _byPause.Insert(_returned++, connection);
                    else _byPause.Add(connection);
                    return UntilNextEnd();
                case HoldReason.Line when _lineReleases == marks.Lines && _line.Count > 0:
                    _behindLine.Add(connection);
                    return 0;
            }
        }

        connection.ScheduleResume();
        return 0;
    }

    /// <summary>Milliseconds until the next pause ends by its time; 0 when none is on.</summary>
    public long TimeToNextEnd()
    {
        using (_lock.Enter()) return UntilNextEnd();
    }

    /// <summary>Those who are held because of their keys are dispatched anew.</summary>
    public void EndKeyHold()
    {
        ClientConnection[] free;
        using (_lock.Enter())
        {
            Interlocked.Increment(ref _keyReleases);
            if (_byKeys.Count == 0) return;
            free = [.. _byKeys];
            _byKeys.Clear();
        }

        foreach (var connection in free) connection.ScheduleResume();
    }

    /// <summary>A connection goes on: it is dispatched anew. The first in line stays there up to <see cref="EndTurn"/>.</summary>
    public void Unhold(ClientConnection connection)
    {
        using (_lock.Enter())
        {
            TakeOut(connection);
            if (_line.First?.Value != connection && _line.Remove(connection)) Volatile.Write(ref _lineLength, _line.Count);
        }
    }

    /// <summary>A connection has been dispatched: if it was the first in line, it is the next one's turn.</summary>
    public void EndTurn(ClientConnection connection)
    {
        if (Volatile.Read(ref _lineLength) == 0) return;
        using (_lock.Enter())
        {
            if (_line.First?.Value != connection) return;
        }

        Advance(connection);
    }

    /// <summary>A connection is gone.</summary>
    public void Remove(ClientConnection connection)
    {
        bool wasFirst;
        using (_lock.Enter())
        {
            TakeOut(connection);
            wasFirst = _line.First?.Value == connection;
            if (!wasFirst && _line.Remove(connection)) Volatile.Write(ref _lineLength, _line.Count);
        }

        if (wasFirst) Advance(connection);
    }

    private void Advance(ClientConnection first)
    {
        ClientConnection[] free = [];
        using (_lock.Enter())
        {
            if (_line.First?.Value != first) return;
            _line.RemoveFirst();
            Volatile.Write(ref _lineLength, _line.Count);
            if (_line.First is { } next)
            {
                free = [next.Value];
            }
            else
            {
                Interlocked.Increment(ref _lineReleases);
                free = [.. _behindLine];
                _behindLine.Clear();
            }
        }

        foreach (var connection in free) connection.ScheduleResume();
    }

    /// <summary>
    /// Puts those who are held by pauses into the line; each looks anew whether it may go. Under the lock.
    /// </summary>
    /// <param name="isAll">The pause that is over, or weaker, held back every command.</param>
    /// <returns>Who is to be resumed, outside of the lock; null when nobody is.</returns>
    private ClientConnection? LetGo(bool isAll)
    {
        Interlocked.Increment(ref _pauseReleases);
        if (_byPause.Count == 0) return null;
        var wasEmpty = _line.Count == 0;
        foreach (var connection in _byPause) _line.AddLast(connection);
        _byPause.Clear();
        _returned = 0;
        _holdsAll = isAll || (!wasEmpty && _holdsAll);
        Volatile.Write(ref _lineLength, _line.Count);
        return wasEmpty ? _line.First!.Value : null;
    }

    /// <summary>Under the lock.</summary>
    private void TakeOut(ClientConnection connection)
    {
        _byKeys.Remove(connection);
        _behindLine.Remove(connection);
        var place = _byPause.IndexOf(connection);
        if (place < 0) return;
        _byPause.RemoveAt(place);
        if (place < _returned) _returned--;
    }

    /// <summary>Under the lock.</summary>
    private long UntilNextEnd()
    {
        if (_nextEnd == 0) return 0;
        return Math.Clamp(_nextEnd - clock.GetUtcNow().ToUnixTimeMilliseconds(), 1, LongestWait);
    }

    /// <summary>Under the lock.</summary>
    private void Recompute()
    {
        long all = 0;
        long writes = 0;
        var next = long.MaxValue;
        foreach (var pause in _pauses.Values)
        {
            if (pause.IsAll) all = Math.Max(all, pause.Until);
            writes = Math.Max(writes, pause.Until);
            next = Math.Min(next, pause.Until);
        }

        Volatile.Write(ref _pausedAllUntil, all);
        Volatile.Write(ref _pausedWritesUntil, writes);
        Volatile.Write(ref _nextEnd, _pauses.Count == 0 ? 0 : next);
    }
}
