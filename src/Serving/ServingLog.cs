using Microsoft.Extensions.Logging;

namespace Starling.Serving;

/// <summary>What serving logs, in Redis's words.</summary>
#pragma warning disable SYSLIB1012 // the words are Redis's: tools look for them
internal static partial class ServingLog
{
    [LoggerMessage(1, LogLevel.Warning, "Warning: Could not create server TCP listening socket {Address}:{Port}: {Error}")]
    public static partial void CannotListen(ILogger logger, string address, int port, string error);

    [LoggerMessage(60, LogLevel.Warning, "Client {Client} closed: too few replicas acknowledged its write within repl-timeout.")]
    public static partial void AcknowledgementsMissing(ILogger logger, string client);

    [LoggerMessage(61, LogLevel.Information, "No io_uring ({Reason}): the replies of a round leave by one call to the system each.")]
    public static partial void NoIoUring(ILogger logger, string reason);

    [LoggerMessage(3, LogLevel.Warning, "Failed opening Unix socket: bind: {Error}")]
    public static partial void CannotListenUnix(ILogger logger, string error);

    [LoggerMessage(5, LogLevel.Warning, "Error accepting a client connection: {Error}")]
    public static partial void AcceptFailed(ILogger logger, string error);

    [LoggerMessage(62, LogLevel.Warning, "Error accepting a client connection: {Error} (addr={Address} laddr={OwnAddress})")]
    public static partial void HandshakeFailed(ILogger logger, string error, string address, string ownAddress);

    [LoggerMessage(63, LogLevel.Warning, "{Reason}")]
    public static partial void TlsRefused(ILogger logger, string reason);

    [LoggerMessage(6, LogLevel.Debug, "Accepted {Address}")]
    public static partial void Accepted(ILogger logger, string address);

    [LoggerMessage(7, LogLevel.Debug, "Closing idle client")]
    public static partial void ClosingIdle(ILogger logger);

    [LoggerMessage(8, LogLevel.Debug, "Protocol error ({Error}) from client: {Client}")]
    public static partial void ProtocolError(ILogger logger, string error, string client);

    [LoggerMessage(9, LogLevel.Warning, "Closing client that reached max query buffer length: {Client}")]
    public static partial void QueryBufferLimit(ILogger logger, string client);

    [LoggerMessage(16, LogLevel.Warning, "Closing client whose query or reply finds no memory: {Client}")]
    public static partial void OutOfMemory(ILogger logger, string client);

    [LoggerMessage(10, LogLevel.Warning, "Client {Client} scheduled to be closed ASAP for overcoming of output buffer limits.")]
    public static partial void OutputBufferLimit(ILogger logger, string client);

    [LoggerMessage(11, LogLevel.Warning, "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to "
        + "Redis. This is likely due to an attacker attempting to use Cross Protocol Scripting to compromise your Redis "
        + "instance. Connection from {Client} aborted.")]
    public static partial void CrossProtocol(ILogger logger, string client);

    [LoggerMessage(12, LogLevel.Critical, "The handler of {Command} failed; the client is disconnected")]
    public static partial void HandlerFailed(ILogger logger, string command, Exception error);

    [LoggerMessage(13, LogLevel.Warning, "Error registering fd event for the new client connection: {Error}")]
    public static partial void CannotWatch(ILogger logger, string error);

    [LoggerMessage(14, LogLevel.Critical, "The handler of {Command} failed and may have left half a change; the server stops")]
    public static partial void WriteFailed(ILogger logger, string command, Exception error);

    [LoggerMessage(18, LogLevel.Warning, "There is no memory to show a call of {Command} to who monitors")]
    public static partial void LineTooLong(ILogger logger, string command);

    [LoggerMessage(17, LogLevel.Warning, "You requested maxclients of {Wanted} requiring at least {Files} max file descriptors. Current "
        + "maximum open files is {Most}. maxclients has been reduced to {Reduced} to compensate for low ulimit. If you need higher "
        + "maxclients increase 'ulimit -n'.")]
    public static partial void MaxClientsReduced(ILogger logger, int wanted, long files, long most, int reduced);

    [LoggerMessage(15, LogLevel.Warning, "The Unix socket {Path} could not be removed: {Error}")]
    public static partial void UnixSocketStays(ILogger logger, string path, string error);
}
