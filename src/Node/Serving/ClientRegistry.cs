using System.Collections.Concurrent;

namespace Starling.Node.Serving;

/// <summary>The connected clients. Any thread.</summary>
public sealed class ClientRegistry
{
    private static readonly TimeSpan ReleasePeriod = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<long, ClientConnection> _connections = new();
    private readonly TimeProvider _clock;
    private readonly CronWork _release;
    private readonly Lock _lock = new(); // guards pauses and held connections; takes no other lock
    private readonly Dictionary<string, Pause> _pauses = new(StringComparer.Ordinal);
    private List<ClientConnection> _held = [];
    private long _lastId;
    private int _count;
    private int _keyHolds;
    private long _pausedAllUntil;
    private long _pausedWritesUntil;
    private bool _releaseReads; // a pause of everything ended while one of writes goes on

    /// <summary>Makes an empty registry.</summary>
    /// <param name="clock">The clock that pauses are measured by.</param>
    /// <param name="cron">Sees to it that pauses end.</param>
    public ClientRegistry(TimeProvider clock, ServerCron cron)
    {
        _clock = clock;
        _release = cron.OnRequest(ReleasePeriod, ReleaseWhatIsFree);
    }

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
        lock (_lock)
        {
            if (!_pauses.Remove(reason)) return;
            Recompute();
        }

        Release(_clock.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>The pause that a reason has set, or null.</summary>
    internal (long Until, bool IsAll)? PauseOf(string reason)
    {
        lock (_lock) return _pauses.TryGetValue(reason, out var pause) ? (pause.Until, pause.IsAll) : null;
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
        lock (_lock) _held.Remove(connection);
    }

    /// <summary>From now on commands are held because of their keys (MIGRATE); see <see cref="EndKeyHold"/>.</summary>
    internal void BeginKeyHold() => Interlocked.Increment(ref _keyHolds);

    /// <summary>
    /// Ends what <see cref="BeginKeyHold"/> began: whoever was held is dispatched anew, and held again if it must be.
    /// </summary>
    internal void EndKeyHold()
    {
        Interlocked.Decrement(ref _keyHolds);
        Release(_clock.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>Keeps a connection until the pause ends, when it is resumed.</summary>
    internal void Hold(ClientConnection connection)
    {
        lock (_lock) _held.Add(connection);
        _release.Request();

        // While keys are held it would come back at once, again and again.
        if (Volatile.Read(ref _keyHolds) == 0) Release(_clock.GetUtcNow().ToUnixTimeMilliseconds());
    }

    /// <summary>Resumes what was held when no pause is on any more.</summary>
    private void Release(long now)
    {
        List<ClientConnection> free;
        lock (_lock)
        {
            if (_pauses.Count > 0)
            {
                foreach (var (reason, pause) in _pauses)
                    if (pause.Until <= now) _pauses.Remove(reason);
                Recompute();
            }

            if (_held.Count == 0) return;

            // A pause of all that became one of writes lets reads go: whoever must wait on comes back here.
            if (now < _pausedAllUntil || (now < _pausedWritesUntil && !_releaseReads)) return;
            _releaseReads = false;
            free = _held;
            _held = [];
        }

        foreach (var connection in free) connection.ScheduleResume();
    }

    private void SetPause(string reason, Pause pause)
    {
        lock (_lock)
        {
            _pauses[reason] = pause;
            Recompute();
        }

        _release.Request();
    }

    /// <summary>The cron's part; false when there is nothing to release any more.</summary>
    private bool ReleaseWhatIsFree(long now)
    {
        Release(now);
        lock (_lock) return _pauses.Count > 0 || _held.Count > 0;
    }

    private void Recompute()
    {
        long all = 0;
        long writes = 0;
        foreach (var pause in _pauses.Values)
        {
            if (pause.IsAll) all = Math.Max(all, pause.Until);
            writes = Math.Max(writes, pause.Until);
        }

        if (all < _pausedAllUntil) _releaseReads = true;
        Volatile.Write(ref _pausedAllUntil, all);
        Volatile.Write(ref _pausedWritesUntil, writes);
    }

    private readonly record struct Pause(long Until, bool IsAll);
}
