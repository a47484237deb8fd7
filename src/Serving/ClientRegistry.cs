using System.Collections.Concurrent;
using Starling.Slots;

namespace Starling.Serving;

/// <summary>The connected clients. Any thread.</summary>
public sealed class ClientRegistry
{
    private const long LongestWait = 1000; // milliseconds: pauses end by the wall clock, which may step

    private readonly ConcurrentDictionary<long, ClientConnection> _connections = new();
    private readonly TimeProvider _clock;
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(ClientRegistry)); // guards pauses and held connections; takes no other lock
    private readonly Dictionary<string, Pause> _pauses = new(StringComparer.Ordinal);
    private readonly List<ClientConnection> _held = []; // in the order in which they came
    private long _lastId;
    private int _count;
    private long _releases;
    private long _pausedAllUntil;
    private long _pausedWritesUntil;

    /// <summary>Makes an empty registry.</summary>
    /// <param name="clock">The clock that pauses are measured by.</param>
    public ClientRegistry(TimeProvider clock) => _clock = clock;

    /// <summary>Number of connections.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>The connections, oldest first, without those that are being closed.</summary>
    public IReadOnlyList<ClientConnection> Snapshot()
    {
        var all = _connections.Values.Where(connection => !connection.IsClosing).ToArray();
        Array.Sort(all, (a, b) => a.Session.Id.CompareTo(b.Session.Id));
        return all;
    }

    /// <summary>Finds a connection by its client's id; null when there is none.</summary>
    public ClientConnection? Find(long id) => _connections.GetValueOrDefault(id);

    /// <summary>Closes every connection; for the server's end.</summary>
    public void CloseAll()
    {
        foreach (var connection in _connections.Values) connection.Close();
    }

    /// <summary>
    /// Holds back the writes of clients (the commands that CLIENT PAUSE WRITE holds back), for a manual failover.
    /// Pauses with different reasons overlap; the longest counts. Commands look at it under their stripes: after this,
    /// whoever takes every stripe once knows that no write runs.
    /// </summary>
    /// <param name="reason">Who pauses; a later call with the same reason replaces the former.</param>
    /// <param name="until">Milliseconds of Unix time at which it ends by itself.</param>
    public void PauseWrites(string reason, long until) => SetPause(reason, new Pause(until, IsAll: false));

    /// <summary>Holds back every command of clients, as CLIENT PAUSE ALL does.</summary>
    /// <param name="reason">Who pauses.</param>
    /// <param name="until">Milliseconds of Unix time at which it ends by itself.</param>
    public void PauseAll(string reason, long until) => SetPause(reason, new Pause(until, IsAll: true));

    /// <summary>Ends a pause before its time.</summary>
    public void Unpause(string reason)
    {
        using (_lock.Enter())
        {
            if (!_pauses.Remove(reason)) return;
            Recompute();
        }

        Release();
    }

    /// <summary>The pause that a reason has set, or null.</summary>
    internal (long Until, bool IsAll)? PauseOf(string reason)
    {
        using (_lock.Enter()) return _pauses.TryGetValue(reason, out var pause) ? (pause.Until, pause.IsAll) : null;
    }

    /// <summary>False when certainly no pause is on; cheaper than <see cref="IsPaused"/>.</summary>
    internal bool MayBePaused => Volatile.Read(ref _pausedWritesUntil) != 0;

    /// <summary>True while some pause is on: nothing expires then, so that the data set stands still.</summary>
    public bool IsPaused(long now) => now < Volatile.Read(ref _pausedWritesUntil);

    /// <summary>True while commands with these flags are held back.</summary>
    internal bool IsHeldBack(CommandFlags flags, long now)
    {
        if (now >= Volatile.Read(ref _pausedWritesUntil)) return false;
        if (now < Volatile.Read(ref _pausedAllUntil)) return true;
        return (flags & (CommandFlags.Write | CommandFlags.MayReplicate)) != 0;
    }

    /// <summary>
    /// Grows whenever held connections are dispatched anew. Read before a command is dispatched, for
    /// <see cref="Hold"/>.
    /// </summary>
    internal long Releases => Interlocked.Read(ref _releases);

    internal long NextId() => Interlocked.Increment(ref _lastId);

    /// <summary>Adds a connection unless there are so many already.</summary>
    internal bool TryReserve(int most)
    {
        if (Interlocked.Increment(ref _count) <= most) return true;
        Interlocked.Decrement(ref _count);
        return false;
    }

    /// <summary>Undoes <see cref="TryReserve"/> when no connection came of it.</summary>
    internal void Unreserve() => Interlocked.Decrement(ref _count);

    internal void Add(ClientConnection connection) => _connections[connection.Session.Id] = connection;

    internal void Remove(ClientConnection connection)
    {
        if (_connections.TryRemove(connection.Session.Id, out _)) Interlocked.Decrement(ref _count);
        using (_lock.Enter()) _held.Remove(connection);
    }

    /// <summary>
    /// The commands that are held because of their keys (MIGRATE) may go: whoever is held is dispatched anew, and held
    /// again if it must be.
    /// </summary>
    internal void EndKeyHold() => Release();

    /// <summary>
    /// Keeps a connection until pauses change, when it is resumed; at once when that has happened since it was
    /// dispatched.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="releases">What <see cref="Releases"/> was before its command was dispatched.</param>
    /// <returns>Milliseconds after which it is to come back by itself; 0 when no pause is on.</returns>
    internal long Hold(ClientConnection connection, long releases)
    {
        using (_lock.Enter())
        {
            if (_releases == releases)
            {
                if (!_held.Contains(connection)) _held.Add(connection);
                return UntilNextEnd(_clock.GetUtcNow().ToUnixTimeMilliseconds());
            }
        }

        connection.ScheduleResume();
        return 0;
    }

    /// <summary>The connection is held no more.</summary>
    internal void Unhold(ClientConnection connection)
    {
        using (_lock.Enter()) _held.Remove(connection);
    }

    /// <summary>Forgets pauses whose time is over.</summary>
    internal void ForgetOldPauses(long now)
    {
        if (!MayBePaused) return;
        using (_lock.Enter())
        {
            foreach (var (reason, pause) in _pauses)
                if (pause.Until <= now) _pauses.Remove(reason);
            Recompute();
        }
    }

    /// <summary>Resumes what is held; each looks anew whether it may go.</summary>
    private void Release()
    {
        ClientConnection[] free;
        using (_lock.Enter())
        {
            _releases++;
            if (_held.Count == 0) return;
            free = [.. _held];
            _held.Clear();
        }

        foreach (var connection in free) connection.ScheduleResume();
    }

    private void SetPause(string reason, Pause pause)
    {
        using (_lock.Enter())
        {
            _pauses[reason] = pause;
            Recompute();
        }

        Release(); // it may be shorter than the one before, or of writes only
    }

    /// <summary>Under the lock.</summary>
    private long UntilNextEnd(long now)
    {
        var wait = 0L;
        foreach (var pause in _pauses.Values)
        {
            if (pause.Until <= now) continue;
            var left = Math.Min(pause.Until - now, LongestWait);
            wait = wait == 0 ? left : Math.Min(wait, left);
        }

        return wait;
    }

    /// <summary>Under the lock.</summary>
    private void Recompute()
    {
        long all = 0;
        long writes = 0;
        foreach (var pause in _pauses.Values)
        {
            if (pause.IsAll) all = Math.Max(all, pause.Until);
            writes = Math.Max(writes, pause.Until);
        }

        Volatile.Write(ref _pausedAllUntil, all);
        Volatile.Write(ref _pausedWritesUntil, writes);
    }

    private readonly record struct Pause(long Until, bool IsAll);
}
