namespace Starling.Node.Persistence;

/// <summary>
/// The place in a replication stream that a snapshot stands for: the RDB fields repl-id, repl-offset and
/// repl-stream-db.
/// </summary>
/// <param name="ReplicationId">The replication id, 40 hexadecimal digits.</param>
/// <param name="Offset">The replication offset: the snapshot holds the effect of every byte before it and of none after
/// it.</param>
/// <param name="StreamDatabase">The database that is selected in the stream at that offset; -1 when none is.</param>
public readonly record struct ReplicationPosition(string ReplicationId, long Offset, int StreamDatabase);
