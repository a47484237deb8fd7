using Starling.Node.Persistence;

namespace Starling.Node.Replication;

/// <summary>
/// The moment of a snapshot for replicas: what they are told, and where their stream goes on, which is the same byte.
/// </summary>
/// <param name="Position">History and offset that the snapshot stands for.</param>
/// <param name="Cursor">Stands at that offset, for the replicas' cursors to be cloned from; null when there is no
/// backlog, so that nobody can be given the stream. Whoever got it disposes it.</param>
internal readonly record struct FullSyncStart(ReplicationPosition Position, LogCursor? Cursor);
