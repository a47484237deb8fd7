using Microsoft.Extensions.Logging;

namespace Starling.Node.Replication;

/// <summary>What replication logs, in Redis's words where tools look for them.</summary>
internal static partial class ReplicationMessages
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Replica {Replica} asks for synchronization")]
    public static partial void AsksForSynchronization(ILogger logger, string replica);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Replica {Replica} asks for synchronization but with a wrong offset")]
    public static partial void WrongOffset(ILogger logger, string replica);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '{Asked}', "
            + "my replication IDs are '{Id}' and '{SecondId}')")]
    public static partial void IdMismatch(ILogger logger, string asked, string id, string secondId);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Partial resynchronization not accepted: Requested offset for second ID was {Asked}, "
            + "but I can reply up to {Limit}")]
    public static partial void BeyondSecondId(ILogger logger, long asked, long limit);

    [LoggerMessage(Level = LogLevel.Information, Message = "Full resync requested by replica {Replica}")]
    public static partial void FullResyncRequested(ILogger logger, string replica);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Unable to partial resync with replica {Replica} for lack of backlog "
            + "(Replica request was: {Offset}).")]
    public static partial void LackOfBacklog(ILogger logger, string replica, long offset);

#pragma warning disable SYSLIB1012 // the words are Redis's
    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Warning: replica {Replica} tried to PSYNC with an offset that is greater than the master replication offset.")]
    public static partial void OffsetBeyondEnd(ILogger logger, string replica);
#pragma warning restore SYSLIB1012

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Partial resynchronization request from {Replica} accepted. Sending {Bytes} bytes of backlog "
            + "starting from offset {Offset}.")]
    public static partial void PartialAccepted(ILogger logger, string replica, long bytes, long offset);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Replication backlog created, my new replication IDs are '{Id}' and '{SecondId}'")]
    public static partial void BacklogCreated(ILogger logger, string id, string secondId);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Replication backlog freed after {Seconds} seconds without connected replicas.")]
    public static partial void BacklogFreed(ILogger logger, int seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Waiting for end of BGSAVE for SYNC")]
    public static partial void JoinsSnapshot(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Delay next BGSAVE for diskless SYNC")]
    public static partial void DelaysSnapshot(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Starting BGSAVE for SYNC with target: {Target}")]
    public static partial void StartsSnapshot(ILogger logger, string target);

    [LoggerMessage(Level = LogLevel.Warning, Message = "SYNC failed. BGSAVE child returned an error")]
    public static partial void SnapshotFailed(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Diskless rdb transfer, last replica dropped, killing fork child.")]
    public static partial void LastReplicaDropped(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Streamed RDB transfer with replica {Replica} succeeded (socket). "
            + "Waiting for REPLCONF ACK from replica to enable streaming")]
    public static partial void StreamedTransferSucceeded(ILogger logger, string replica);

    [LoggerMessage(Level = LogLevel.Information, Message = "Synchronization with replica {Replica} succeeded")]
    public static partial void SynchronizationSucceeded(ILogger logger, string replica);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "RDB transfer completed, rdb only replica ({Replica}) should be disconnected asap")]
    public static partial void RdbOnlyTransferred(ILogger logger, string replica);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Read error sending DB to replica: {Reason}")]
    public static partial void ReadErrorSendingFile(ILogger logger, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Disconnecting timedout replica (streaming sync): {Replica}")]
    public static partial void TimedOutStreaming(ILogger logger, string replica);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Disconnecting timedout replica (full sync): {Replica}")]
    public static partial void TimedOutFullSync(ILogger logger, string replica);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Client {Client} closed for overcoming of output buffer limits.")]
    public static partial void OutputLimitReached(ILogger logger, string client);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connection with replica {Replica} lost.")]
    public static partial void ReplicaLost(ILogger logger, string replica);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Setting secondary replication ID to {SecondId}, valid up to offset: {Offset}. "
            + "New replication ID is {Id}")]
    public static partial void HistoryShifted(ILogger logger, string secondId, long offset, string id);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "MASTER MODE enabled (user request from '{Client}')")]
    public static partial void MasterModeEnabled(ILogger logger, string client);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "REPLICAOF {Host}:{Port} enabled (user request from '{Client}')")]
    public static partial void ReplicaOfEnabled(ILogger logger, string host, int port, string client);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "REPLICAOF would result into synchronization with the master we are already connected with. "
            + "No operation performed.")]
    public static partial void AlreadyConnected(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Failover request received for replid {Id}.")]
    public static partial void FailoverRequested(ILogger logger, string id);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "MASTER MODE enabled (failover request from '{Client}')")]
    public static partial void MasterModeByFailover(ILogger logger, string client);
}
