namespace Starling.Node.Replication;

/// <summary>How far a replica's synchronisation is, seen from its master.</summary>
internal enum ReplicaState
{
    /// <summary>Has not asked for synchronisation yet.</summary>
    None,

    /// <summary>Waits for a snapshot to begin (INFO: wait_bgsave).</summary>
    WaitSnapshotStart,

    /// <summary>Waits for the snapshot under way, or is being sent it as it is made (INFO: wait_bgsave).</summary>
    WaitSnapshotEnd,

    /// <summary>Is being sent a finished RDB file (INFO: send_bulk).</summary>
    SendBulk,

    /// <summary>Gets the stream (INFO: online).</summary>
    Online,

    /// <summary>Wanted the snapshot only and has it; is being closed.</summary>
    Transmitted,

    /// <summary>Gone.</summary>
    Closed,
}
