using System.Collections.Concurrent;

namespace Starling.Serving;

/// <summary>The connected clients. Any thread.</summary>
public sealed class ClientRegistry
{
    private readonly ConcurrentDictionary<long, ClientConnection> _connections = new();
    private long _lastId;
    private int _count;

    /// <summary>Makes an empty registry.</summary>
    /// <param name="clock">The clock that pauses are measured by.</param>
    public ClientRegistry(TimeProvider clock) => Line = new HeldClients(clock);

    /// <summary>Pauses, and who is held back.</summary>
    internal HeldClients Line { get; }

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
    public void PauseWrites(string reason, long until) => Line.SetPause(reason, new Pause(until, IsAll: false));

    /// <summary>Holds back every command of clients, as CLIENT PAUSE ALL does.</summary>
    /// <param name="reason">Who pauses.</param>
    /// <param name="until">Milliseconds of Unix time at which it ends by itself.</param>
    public void PauseAll(string reason, long until) => Line.SetPause(reason, new Pause(until, IsAll: true));

    /// <summary>Ends a pause before its time.</summary>
    public void Unpause(string reason) => Line.EndPause(reason);

    /// <summary>The pause that a reason has set, or null.</summary>
    internal (long Until, bool IsAll)? PauseOf(string reason) =>
        Line.PauseOf(reason) is { } pause ? (pause.Until, pause.IsAll) : null;

    /// <summary>False when certainly no pause is on; cheaper than <see cref="IsPaused"/>.</summary>
    internal bool MayBePaused => Line.MayBePaused;

    /// <summary>True while some pause is on: nothing expires then, so that the data set stands still.</summary>
    public bool IsPaused(long now) => Line.IsPaused(now);

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
        Line.Remove(connection);
    }

    /// <summary>
    /// The commands that are held because of their keys may go: whoever is held for that is dispatched anew, and held again
    /// if it must be.
    /// </summary>
    internal void EndKeyHold() => Line.EndKeyHold();
}
