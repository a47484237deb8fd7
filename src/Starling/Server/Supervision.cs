using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node;

namespace Starling.CommandLine.Server;

/// <summary>
/// The process supervisor, if there is one: systemd is told the state over the datagram socket that NOTIFY_SOCKET names
/// (sd_notify's protocol),
/// upstart sees the process stop itself once.
/// </summary>
internal sealed class Supervision
{
    private const int StopSignal = 19;

    private readonly SupervisorKind _kind;
    private readonly string? _socketPath;
    private ILogger? _log;

    private Supervision(SupervisorKind kind, string? socketPath)
    {
        _kind = kind;
        _socketPath = socketPath;
    }

    /// <summary>True when a supervisor runs the process: it does not go to the background then.</summary>
    public bool IsSupervised => _kind == SupervisorKind.Upstart || (_kind == SupervisorKind.Systemd && _socketPath is not null);

    /// <summary>Finds the supervisor.</summary>
    /// <param name="directive">The value of <c>supervised</c>: no, auto, systemd or upstart.</param>
    public static Supervision Detect(string directive)
    {
        var notifySocket = Environment.GetEnvironmentVariable("NOTIFY_SOCKET");
        if (string.IsNullOrEmpty(notifySocket)) notifySocket = null;
        var hasUpstart = Environment.GetEnvironmentVariable("UPSTART_JOB") is not null;
        return directive switch
        {
            "systemd" => new Supervision(SupervisorKind.Systemd, notifySocket),
            "upstart" => new Supervision(hasUpstart ? SupervisorKind.Upstart : SupervisorKind.MissingUpstart, null),
            "auto" when hasUpstart => new Supervision(SupervisorKind.Upstart, null),
            "auto" when notifySocket is not null => new Supervision(SupervisorKind.Systemd, notifySocket),
            _ => new Supervision(SupervisorKind.None, null),
        };
    }

    /// <summary>Logs who supervises; upstart is told by stopping until it sends SIGCONT.</summary>
    public void Announce(ILogger log)
    {
        _log = log;
        switch (_kind)
        {
            case SupervisorKind.Systemd when _socketPath is null:
                ServerLog.NoNotifySocket(log);
                break;
            case SupervisorKind.Systemd:
                ServerLog.SupervisedBySystemd(log);
                break;
            case SupervisorKind.MissingUpstart:
                ServerLog.NoUpstartJob(log);
                break;
            case SupervisorKind.Upstart:
                ServerLog.SupervisedByUpstart(log);
                _ = SystemCalls.Kill(Environment.ProcessId, StopSignal);
                break;
            case SupervisorKind.None:
                break;
        }
    }

    /// <summary>Tells systemd that clients are served.</summary>
    public void Ready(bool isReplica)
    {
        Notify(isReplica
            ? "STATUS=Ready to accept connections in read-only mode. Waiting for MASTER <-> REPLICA sync\n"
            : "STATUS=Ready to accept connections\n");
        Notify("READY=1\n");
    }

    /// <summary>Sends systemd a notification; nothing without systemd.</summary>
    public void Notify(string state)
    {
        if (_kind != SupervisorKind.Systemd || _socketPath is null) return;

        // '@' stands for the zero byte that begins the name of an abstract socket.
        var address = _socketPath.StartsWith('@') ? "\0" + _socketPath[1..] : _socketPath;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(address));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            if (_log is not null) ServerLog.NotifyFailed(_log, _socketPath, e.Message);
        }
    }
}
