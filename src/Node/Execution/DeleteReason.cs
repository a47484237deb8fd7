namespace Starling.Node.Execution;

/// <summary>
/// Why a key is deleted; it decides what goes to the replication log, which keyspace event is raised, and who counts it.
/// </summary>
public enum DeleteReason
{
    /// <summary>A command says so; the command itself, or what the handler declares, goes to the log. Event "del".</summary>
    Command,

    /// <summary>Its time had come. A DEL goes to the log. Event "expired".</summary>
    Expired,

    /// <summary>
    /// An expiry in the past was given to it. A DEL goes to the log in the place of the command. Event "del".
    /// </summary>
    ExpiredByCommand,

    /// <summary>It was moved to another node. A DEL goes to the log. Event "del".</summary>
    Migrated,

    /// <summary>Its slot belongs to another node now. A DEL goes to the log. Event "del".</summary>
    SlotLost,
}
