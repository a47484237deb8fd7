namespace Starling.Node.Execution;

/// <summary>
/// Why keys are deleted; it decides what goes to the replication log, which keyspace event is raised, and who counts it.
/// </summary>
public enum DeleteReason
{
    /// <summary>A command says so; the command itself, or what the handler declares, goes to the log. Event "del".</summary>
    Command,

    /// <summary>
    /// Its time had come. A DEL goes to the log, an UNLINK where <c>lazyfree-lazy-expire</c> is on; no change is counted for
    /// save points. Event "expired".
    /// </summary>
    Expired,

    /// <summary>
    /// Memory was short. A DEL goes to the log, an UNLINK where <c>lazyfree-lazy-eviction</c> is on; no change is counted for
    /// save points. Event "evicted".
    /// </summary>
    Evicted,

    /// <summary>
    /// An expiry in the past was given to it. In the place of the command a DEL goes to the log, or an UNLINK as for
    /// <see cref="Expired"/>. Event "del".
    /// </summary>
    ExpiredByCommand,

    /// <summary>
    /// A value was to replace it whose time had come. In the place of the command a DEL goes to the log, an UNLINK where
    /// <c>lazyfree-lazy-server-del</c> is on. Event "del".
    /// </summary>
    ReplacedByExpired,

    /// <summary>It was moved to another node. A DEL goes to the log, whatever the directives say. Event "del".</summary>
    Migrated,

    /// <summary>
    /// Its slot belongs to another node now. A DEL goes to the log, an UNLINK where <c>lazyfree-lazy-server-del</c> is on.
    /// Event "del".
    /// </summary>
    SlotLost,

    /// <summary>
    /// Its value has lost the last element. The command that took it declares that change next, which is what is counted and
    /// goes to the log; the event "del" comes behind that of the change.
    /// </summary>
    Emptied,

    /// <summary>
    /// Its whole database goes because a command says so (FLUSHALL, FLUSHDB), which goes to the log. Each key counts as a
    /// change. No event.
    /// </summary>
    Flushed,

    /// <summary>
    /// Another data set comes in the place of all databases: a master's snapshot, or an RDB file that is loaded again.
    /// Nothing is counted or goes to the log. No event.
    /// </summary>
    Replaced,
}
