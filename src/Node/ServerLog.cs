using Microsoft.Extensions.Logging;

namespace Starling.Node;

/// <summary>Log lines about starting and stopping; Redis's words where tools look for them.</summary>
public static partial class ServerLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "oO0OoO0OoO0Oo Starling is starting oO0OoO0OoO0Oo")]
    public static partial void Starting(ILogger log);

    [LoggerMessage(Level = LogLevel.Information, Message = "Starling version={Version}, redis={Redis}, bits=64, pid={Pid}, just started")]
    public static partial void Version(ILogger log, string version, string redis, int pid);

    [LoggerMessage(Level = LogLevel.Information, Message = "Configuration loaded")]
    public static partial void ConfigurationLoaded(ILogger log);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "No config file specified, using the default config. In order to specify a config file use {Program} /path/to/redis.conf")]
    public static partial void NoConfigurationFile(ILogger log, string program);

    [LoggerMessage(Level = LogLevel.Warning, Message = "These directives are accepted but have no effect yet: {Directives}")]
    public static partial void WithoutEffect(ILogger log, string directives);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Starling {Version} 64 bit. Running mode={Mode}, port={Port}. PID: {Pid}")]
    public static partial void Banner(ILogger log, string version, string mode, int port, int pid);

    [LoggerMessage(Level = LogLevel.Information, Message = "Server initialized")]
    public static partial void Initialized(ILogger log);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ready to accept connections {Kind}")]
    public static partial void Ready(ILogger log, string kind);

    [LoggerMessage(Level = LogLevel.Information, Message = "The server is now ready to accept connections at {Path}")]
    public static partial void ReadyUnix(ILogger log, string path);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason}")]
    public static partial void CannotStart(ILogger log, string reason);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The TCP backlog setting of {Backlog} cannot be enforced because /proc/sys/net/core/somaxconn is set to "
            + "the lower value of {Most}.")]
    public static partial void BacklogTooLong(ILogger log, int backlog, int most);

    [LoggerMessage(Level = LogLevel.Information, Message = "Failed to write PID file: {Reason}")]
    public static partial void PidFileNotWritten(ILogger log, string reason);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and TimeoutStopSec in your service unit.")]
    public static partial void SupervisedBySystemd(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "systemd supervision requested, but NOTIFY_SOCKET not found!")]
    public static partial void NoNotifySocket(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not notify systemd at {Path}: {Reason}")]
    public static partial void NotifyFailed(ILogger log, string path, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "supervised by upstart, will stop to signal readiness")]
    public static partial void SupervisedByUpstart(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "upstart supervision requested, but UPSTART_JOB not found!")]
    public static partial void NoUpstartJob(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Message}")]
    public static partial void SignalReceived(ILogger log, string message);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "This runtime needs free descriptors to handle signals: with none, SIGTERM ends the server unsaved")]
    public static partial void SignalsNeedDescriptors(ILogger log);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The server could not execute itself again with DOTNET_TC_BackgroundWorkerTimeoutMs=ffffffff: set it, or the process may end "
            + "when no descriptor is free")]
    public static partial void TieringThreadEnds(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "=== REDIS BUG REPORT START: Cut & paste starting from here ===")]
    public static partial void CrashReportBegins(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Starling {Version} crashed by signal: {Number}, which another process has sent")]
    public static partial void Crashed(ILogger log, string version, int number);

    [LoggerMessage(Level = LogLevel.Warning, Message = "------ INFO OUTPUT ------\n{Info}")]
    public static partial void CrashInfo(ILogger log, string info);

    [LoggerMessage(Level = LogLevel.Warning, Message = "=== REDIS BUG REPORT END. ===")]
    public static partial void CrashReportEnds(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "You insist... exiting now.")]
    public static partial void ExitingNow(ILogger log);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Starling stops because of an error that nobody handled")]
    public static partial void Unhandled(ILogger log, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "User requested shutdown...")]
    public static partial void ShutdownRequested(ILogger log);

    [LoggerMessage(Level = LogLevel.Information, Message = "Waiting for replicas before shutting down.")]
    public static partial void WaitingForReplicas(ILogger log);

    [LoggerMessage(Level = LogLevel.Information, Message = "Shutdown manually aborted.")]
    public static partial void ShutdownAborted(ILogger log);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Lagging replica {Name} reported offset {Behind} behind master, lag={Lag}, state={State}.")]
    public static partial void LaggingReplica(ILogger log, string name, long behind, long lag, string state);

    [LoggerMessage(Level = LogLevel.Information, Message = "{InSync} of {Replicas} replicas are in sync when shutting down.")]
    public static partial void ReplicasInSync(ILogger log, int inSync, int replicas);

    [LoggerMessage(Level = LogLevel.Information, Message = "Saving the final RDB snapshot before exiting.")]
    public static partial void SavingBeforeExit(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Error trying to save the DB. Exit anyway.")]
    public static partial void SaveFailedExitAnyway(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Error trying to save the DB, can't exit.")]
    public static partial void SaveFailedCannotExit(ILogger log);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Errors trying to shut down the server. Check the logs for more information.")]
    public static partial void ShutdownFailed(ILogger log);

    [LoggerMessage(Level = LogLevel.Information, Message = "Removing the pid file.")]
    public static partial void RemovingPidFile(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Failed to remove the pid file: {Reason}")]
    public static partial void PidFileNotRemoved(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Starling is now ready to exit, bye bye...")]
    public static partial void ReadyToExit(ILogger log);
}
