using Starling.Slots;

namespace Starling.Node.Cluster;

/// <summary>
/// Connections to targets of MIGRATE that wait for the next one: at most <see cref="Capacity"/>, each for <see
/// cref="IdleMilliseconds"/> at most, as in Redis. Any thread. A connection that is in use is not in here.
/// </summary>
internal sealed class MigrateConnectionCache : IDisposable
{
    /// <summary>Most connections kept.</summary>
    public const int Capacity = 64;

    /// <summary>Longest time that an idle connection is kept.</summary>
    public const long IdleMilliseconds = 10_000;

    // Guards the list. Nothing else is taken under it.
    private readonly RankedLock _gate = new(LockRank.Leaf, nameof(MigrateConnectionCache));
    private readonly List<(string Target, MigrateConnection Connection)> _idle = [];
    private bool _disposed;

    /// <summary>Connections that wait.</summary>
    public int Count
    {
        get
        {
            using (_gate.Enter()) return _idle.Count;
        }
    }

    /// <summary>Takes a connection to "host:port" out, or null when there is none.</summary>
    public MigrateConnection? Take(string target)
    {
        using (_gate.Enter())
        {
            var index = _idle.FindIndex(entry => entry.Target == target);
            if (index < 0) return null;
            var connection = _idle[index].Connection;
            _idle.RemoveAt(index);
            return connection;
        }
    }

    /// <summary>Puts a connection in, in place of the oldest when there are too many.</summary>
    public void Return(string target, MigrateConnection connection, long now)
    {
        connection.IdleSince = now;
        using (_gate.Enter())
        {
            if (_disposed)
            {
                connection.Dispose();
                return;
            }

            if (_idle.Count == Capacity)
            {
                _idle[0].Connection.Dispose();
                _idle.RemoveAt(0);
            }

            _idle.Add((target, connection));
        }
    }

    /// <summary>Closes those that waited too long, by a time in milliseconds of Unix time.</summary>
    public void CloseIdle(long now)
    {
        using (_gate.Enter())
        {
            while (_idle.Count > 0 && now - _idle[0].Connection.IdleSince > IdleMilliseconds)
            {
                _idle[0].Connection.Dispose();
                _idle.RemoveAt(0);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using (_gate.Enter())
        {
            _disposed = true;
            foreach (var (_, connection) in _idle) connection.Dispose();
            _idle.Clear();
        }
    }
}
