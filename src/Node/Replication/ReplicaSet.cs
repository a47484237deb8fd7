using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>The replicas of this node. Readers see an array that is replaced, never changed.</summary>
internal sealed class ReplicaSet
{
    // Guards membership and the steps of joining and leaving. Taken after stripes, before the log and outputs; a role
    // change holds it while it changes the history, so that no replica joins by the former one.
    private readonly RankedLock _lock = new(LockRank.Membership, nameof(ReplicaSet));
    private ReplicaLink[] _links = [];

    /// <summary>The lock of membership; see the remark at its declaration.</summary>
    public RankedLock Membership => _lock;

    /// <summary>The replicas, in the order of joining.</summary>
    public ReplicaLink[] Links => Volatile.Read(ref _links);

    /// <summary>
    /// Milliseconds of Unix time since when there has been no replica; 0 while there is one or when that was never so.
    /// </summary>
    public long EmptySince { get; set; }

    /// <summary>Adds a replica. Under <see cref="Membership"/>.</summary>
    public void Add(ReplicaLink link)
    {
        Volatile.Write(ref _links, [.. _links, link]);
        EmptySince = 0;
    }

    /// <summary>Takes a replica out, if it is in, and ends it.</summary>
    public bool Remove(ReplicaLink link, long now)
    {
        using (_lock.Enter())
        {
            var index = Array.IndexOf(_links, link);
            link.Detach();
            if (index < 0) return false;
            Volatile.Write(ref _links, [.. _links[..index], .. _links[(index + 1)..]]);
            if (_links.Length == 0) EmptySince = now;
            return true;
        }
    }

    /// <summary>Closes every replica's connection: they come back and learn what has changed.</summary>
    public void DisconnectAll(long now)
    {
        using (_lock.Enter())
        {
            foreach (var link in _links)
            {
                link.Detach();
                link.Transport.Close();
            }

            if (_links.Length > 0) EmptySince = now;
            Volatile.Write(ref _links, []);
        }
    }

    /// <summary>Sends the stream up to a position to every replica, as far as their sockets take it.</summary>
    public void Pump(long end)
    {
        foreach (var link in Links) link.Pump(end);
    }

    /// <summary>Number of replicas that are online.</summary>
    public int CountOnline()
    {
        var count = 0;
        foreach (var link in Links)
        {
            if (link.State == ReplicaState.Online) count++;
        }

        return count;
    }

    /// <summary>The highest offset that so many online replicas have acknowledged; -1 when there are not so many.</summary>
    public long OffsetAcked(int replicas)
    {
        var highest = -1L;
        foreach (var link in Links)
        {
            if (link.AckedOffset > highest && CountAcked(link.AckedOffset) >= replicas) highest = link.AckedOffset;
        }

        return highest;
    }

    /// <summary>Online replicas that acknowledged an offset.</summary>
    public int CountAcked(long offset)
    {
        var count = 0;
        foreach (var link in Links)
        {
            if (link.State == ReplicaState.Online && link.AckedOffset >= offset) count++;
        }

        return count;
    }

    /// <summary>Online replicas that acknowledged an offset as fsynced.</summary>
    public int CountFsyncAcked(long offset)
    {
        var count = 0;
        foreach (var link in Links)
        {
            if (link.State == ReplicaState.Online && link.AckedFsyncOffset >= offset) count++;
        }

        return count;
    }

    /// <summary>Online replicas that were heard of within a number of seconds.</summary>
    public int CountGood(long now, long maxLagSeconds)
    {
        var count = 0;
        foreach (var link in Links)
        {
            if (link.State == ReplicaState.Online && (now - link.LastAckAt) / 1000 <= maxLagSeconds) count++;
        }

        return count;
    }
}
