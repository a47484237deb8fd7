using Microsoft.Extensions.Logging;

namespace Starling.Node.Replication;

/// <summary>What the link to a master logs, in Redis's words where tools look for them.</summary>
internal static partial class MasterLinkMessages
{
    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Before turning into a replica, using my own master parameters to synthesize a cached master: "
            + "I may be able to synchronize with the new master with just a partial transfer.")]
    public static partial void CachesItself(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Discarding previously cached master state.")]
    public static partial void DiscardsCachedMaster(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connecting to MASTER {Host}:{Port}")]
    public static partial void Connecting(ILogger logger, string host, int port);

    [LoggerMessage(Level = LogLevel.Information, Message = "MASTER <-> REPLICA sync started")]
    public static partial void SyncStarted(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Non blocking connect for SYNC fired the event.")]
    public static partial void Connected(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Unable to connect to MASTER: {Reason}")]
    public static partial void UnableToConnect(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Error condition on socket for SYNC: {Reason}")]
    public static partial void SocketError(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Timeout connecting to the MASTER...")]
    public static partial void ConnectTimeout(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Master replied to PING, replication can continue...")]
    public static partial void PingAnswered(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Error reply to PING from master: '{Reply}'")]
    public static partial void PingRefused(ILogger logger, string reply);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Unable to AUTH to MASTER: {Reply}")]
    public static partial void AuthRefused(ILogger logger, string reply);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "(Non critical) Master does not understand REPLCONF {Option}: {Reply}")]
    public static partial void OptionNotUnderstood(ILogger logger, string option, string reply);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Master did not respond to command during SYNC handshake")]
    public static partial void NoHandshakeReply(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Trying a partial resynchronization (request {Id}:{Offset}).")]
    public static partial void TryingPartial(ILogger logger, string id, long offset);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Partial resynchronization not possible (no cached master)")]
    public static partial void NoCachedMaster(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Master did not reply to PSYNC, will try later")]
    public static partial void NoPsyncReply(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Master replied with wrong +FULLRESYNC syntax.")]
    public static partial void WrongFullResync(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Full resync from master: {Id}:{Offset}")]
    public static partial void FullResync(ILogger logger, string id, long offset);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Successful partial resynchronization with master.")]
    public static partial void PartialSucceeded(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Master replication ID changed to {Id}")]
    public static partial void IdChanged(ILogger logger, string id);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.")]
    public static partial void PartialAccepted(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Master is currently unable to PSYNC but should be in the future: {Reply}")]
    public static partial void TryLater(ILogger logger, string reply);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Unexpected reply to PSYNC from master: {Reply}")]
    public static partial void UnexpectedPsyncReply(ILogger logger, string reply);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Master does not support PSYNC or is in error state (reply: {Reply})")]
    public static partial void PsyncNotSupported(ILogger logger, string reply);

    [LoggerMessage(Level = LogLevel.Information, Message = "Retrying with SYNC...")]
    public static partial void RetryingWithSync(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "MASTER aborted replication with an error: {Reply}")]
    public static partial void MasterAborted(ILogger logger, string reply);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Bad protocol from MASTER, the first byte is not '$' (we received '{Received}'), "
            + "are you sure the host and port are right?")]
    public static partial void BadPreamble(ILogger logger, string received);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF {Target}")]
    public static partial void ReceivingStream(ILogger logger, string target);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "MASTER <-> REPLICA sync: receiving {Bytes} bytes from master {Target}")]
    public static partial void ReceivingBytes(ILogger logger, long bytes, string target);

    [LoggerMessage(Level = LogLevel.Warning, Message = "I/O error trying to sync with MASTER: {Reason}")]
    public static partial void TransferFailed(ILogger logger, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Timeout receiving bulk data from MASTER... If the problem persists try to set the "
            + "'repl-timeout' parameter in redis.conf to a larger value.")]
    public static partial void TransferTimeout(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA "
            + "synchronization: {Reason}")]
    public static partial void FileError(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "MASTER <-> REPLICA sync: Flushing old data")]
    public static partial void FlushingOldData(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "MASTER <-> REPLICA sync: Loading DB in memory")]
    public static partial void LoadingInMemory(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Failed trying to load the MASTER synchronization DB from disk, check server logs.")]
    public static partial void LoadFromDiskFailed(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Failed trying to load the MASTER synchronization DB from socket, check server logs.")]
    public static partial void LoadFromSocketFailed(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Replication stream EOF marker is broken")]
    public static partial void EofMarkBroken(ILogger logger);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Removing the RDB file obtained from the master. This replica has persistence disabled")]
    public static partial void RemovesFile(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "MASTER <-> REPLICA sync: Finished with success")]
    public static partial void Finished(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "MASTER timeout: no data nor PING received...")]
    public static partial void MasterTimeout(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Connection with master lost.")]
    public static partial void ConnectionLost(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Caching the disconnected master state.")]
    public static partial void CachesMaster(ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Reconnecting to MASTER {Host}:{Port}")]
    public static partial void Reconnecting(ILogger logger, string host, int port);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Reconnecting to MASTER {Host}:{Port} after failure")]
    public static partial void ReconnectingAfterFailure(ILogger logger, string host, int port);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Protocol error ({Error}) in the stream from master. The link is closed and the data synchronized anew.")]
    public static partial void StreamMalformed(ILogger logger, string error);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "== CRITICAL == This replica is sending an error to its master: '{Error}' after processing the command '{Command}'")]
    public static partial void CommandFailed(ILogger logger, string error, string command);
}
