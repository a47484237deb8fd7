using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Node.Replication;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;

namespace Starling.Node.Expiry;

/// <summary>
/// Judges whether a key has expired, and deletes expired keys outside of commands. A master deletes and says so with a
/// DEL in the replication log; a replica keeps what has expired, as if it were absent, until its master's DEL comes.
/// </summary>
public sealed class KeyExpiry
{
    private readonly NodeBasics _basics;
    private readonly PersistenceService _persistence;
    private readonly ReplicationService _replication;
    private long _expiredKeys;
    private long _expiredFields;

    /// <summary>Makes the expiry of a node.</summary>
    public KeyExpiry(NodeBasics basics, PersistenceService persistence, ReplicationService replication) =>
        (_basics, _persistence, _replication) = (basics, persistence, replication);

    /// <summary>Keys deleted because they had expired (INFO expired_keys).</summary>
    public long ExpiredKeys => Interlocked.Read(ref _expiredKeys);

    /// <summary>
    /// True when this node deletes what has expired: it is a master, loads nothing, and no pause of its clients' writes
    /// holds that back. Stable under any stripe lock, but for the pause.
    /// </summary>
    public bool MayDelete =>
        !_replication.IsReplica
        && !_persistence.IsLoading
        && !_basics.Clients.IsPaused(_basics.NowMilliseconds);

    /// <summary>True when the key of the entry has expired at a time in milliseconds of Unix time.</summary>
    public static bool IsExpired(in Entry entry, long now) =>
        entry.ExpiresAt != Entry.NoExpiry && now > entry.ExpiresAt;

    /// <summary>Counts keys that a command found expired and deleted.</summary>
    public void Count(long keys) => Interlocked.Add(ref _expiredKeys, keys);

    /// <summary>Fields of hashes deleted because they had expired (INFO expired_subkeys).</summary>
    public long ExpiredFields => Interlocked.Read(ref _expiredFields);

    /// <summary>Counts fields of hashes that were found expired and deleted.</summary>
    public void CountFields(long fields) => Interlocked.Add(ref _expiredFields, fields);

    /// <summary>Sets the counts back to 0 (CONFIG RESETSTAT).</summary>
    public void ResetCount()
    {
        Interlocked.Exchange(ref _expiredKeys, 0);
        Interlocked.Exchange(ref _expiredFields, 0);
    }

    /// <summary>
    /// Deletes a key that has expired by the time of a scope that holds its stripe. False when the key is not there, has
    /// not expired, or is kept (<see cref="MayDelete"/>).
    /// </summary>
    public bool TryDelete(CommandContext call, Database database, in Key key)
    {
        if (!database.TryFind(key, out var entry) || !IsExpired(entry, call.Now) || !MayDelete) return false;
        return call.Delete(database, key, DeleteReason.Expired);
    }
}
