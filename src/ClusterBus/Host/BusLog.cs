using Microsoft.Extensions.Logging;

namespace Starling.ClusterBus.Host;

/// <summary>The log lines of the bus host, in Redis's words where it has them.</summary>
internal static partial class BusLog
{
    [LoggerMessage(Level = LogLevel.Trace, Message = "{Text}")]
    public static partial void Debug(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Text}")]
    public static partial void Verbose(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Text}")]
    public static partial void Notice(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Text}")]
    public static partial void Warning(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Accepting cluster node connection from {Ip}")]
    public static partial void Accepted(ILogger logger, string ip);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Error accepting cluster node: {Error}")]
    public static partial void AcceptFailed(ILogger logger, string error);

    [LoggerMessage(Level = LogLevel.Trace, Message = "Unable to connect to Cluster Node [{Ip}]:{Port} -> {Error}")]
    public static partial void ConnectFailed(ILogger logger, string ip, int port, string error);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "The cluster bus was held up: {Milliseconds} ms between two heartbeats")]
    public static partial void HeldUp(ILogger logger, long milliseconds);

    [LoggerMessage(Level = LogLevel.Trace, Message = "I/O error on node link: {Error}")]
    public static partial void LinkBroken(ILogger logger, string error);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Bad message length or signature received on the Cluster bus from {Ip} "
            + "({Count} such links closed so far)")]
    public static partial void BadFrame(ILogger logger, string ip, long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Packet that matches debug drop filter: {Type}")]
    public static partial void Dropped(ILogger logger, int type);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Freeing {Direction} cluster link to node {Node} after exceeding memory limit "
            + "(used memory: {Used}, limit: {Limit})")]
    public static partial void SendBufferExceeded(ILogger logger, string direction, string node, long used, long limit);
}
