using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Slots;
using Starling.Transport.Tls;

namespace Starling.Serving;

/// <summary>The listening sockets of clients: TCP on every bind address, and the Unix socket.</summary>
public sealed class ClientListener
{
    private const int UnixPathLength = 108; // of sockaddr_un, its zero byte included
    private const string NoSuchHost = "Name or service not known";
    private const string TlsRefused = "Unable to update TLS configuration. Check server logs.";
    private const string CannotListenReason = "Unable to listen on this port. Check server logs.";
    private static readonly TimeSpan RestorePeriod = TimeSpan.FromSeconds(1);

    private static readonly byte[] Denied =
    [
        .. "-DENIED Redis is running in protected mode because protected mode is enabled and no password is set "u8,
        .. "for the default user. "u8,
        .. "In this mode connections are only accepted from the loopback interface. "u8,
        .. "If you want to connect from external computers to Redis you may adopt one of the following solutions: "u8,
        .. "1) Just disable protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface "u8,
        .. "by connecting to Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible "u8,
        .. "from internet if you do so. Use CONFIG REWRITE to make this change permanent. "u8,
        .. "2) Alternatively you can just disable the protected mode by editing the Redis configuration file, and setting the "u8,
        .. "protected mode option to 'no', and then restarting the server. "u8,
        .. "3) If you started the server manually just for testing, restart it with the '--protected-mode no' option. "u8,
        .. "4) Set up an authentication password for the default user. "u8,
        .. "NOTE: You only need to do one of the above things in order for the server to start accepting connections "u8,
        .. "from the outside.\r\n"u8,
    ];

    private readonly ServingParts _serving;
    private readonly IServingSettings _settings;
    private readonly IoThreads _threads;
    private readonly ILogger _logger;

    // Guards _acceptors and what was bound last; takes no other lock.
    private readonly RankedLock _lock = new(LockRank.Leaf, "ClientListener's acceptors");
    private readonly List<Acceptor> _acceptors = [];

    // One change of the addresses at a time; _lock is taken under it.
    private readonly RankedLock _rebinding = new(LockRank.Listening, "ClientListener's change");
    private readonly CronWork _restore;
    private (IPEndPoint EndPoint, bool IsTls)[] _bound = [];
    private volatile TlsContext? _tls; // replaced under _rebinding, read by acceptors
    private string? _unixPath;
    private bool _isAccepting;
    private volatile bool _isStopped;

    /// <summary>Makes the listener of a server; nothing is bound yet.</summary>
    /// <param name="serving">What its connections share.</param>
    /// <param name="threads">The threads that its connections are given to.</param>
    /// <param name="cron">Tries again what has failed.</param>
    public ClientListener(ServingParts serving, IoThreads threads, ServerCron cron)
    {
        _serving = serving;
        _settings = serving.Settings;
        _threads = threads;
        _logger = serving.Logger;
        _restore = cron.OnRequest(RestorePeriod, _ => !RestoreNow());
    }

    /// <summary>The TCP port in use; 0 when there is none.</summary>
    public int Port { get; private set; }

    /// <summary>The TCP port of encrypted connections in use; 0 when there is none.</summary>
    public int TlsPort { get; private set; }

    /// <summary>
    /// Binds and listens on every address of the configuration; who connects waits until <see cref="Accept()"/>. With
    /// <paramref name="ephemeral"/> on a port that the system picks (tests): <see cref="Port"/> says which.
    /// </summary>
    /// <exception cref="ServerStartException">An address cannot be bound; Redis's lines are logged.</exception>
    public void Bind(bool ephemeral = false)
    {
        if (_settings.TlsPort != 0 && RenewTls() is not null) throw new ServerStartException("Failed to configure TLS. Check logs for more info.");
        if (_settings.Port != 0 || _settings.TlsPort != 0 || ephemeral)
        {
            var port = ephemeral ? 0 : _settings.Port;
            if (!ListenAddress.TryResolve(_settings.Bind, out var addresses, out var failed)) Fail(failed, port, NoSuchHost, isTls: port == 0);
            BindAll(addresses, port, ephemeral);
        }

        if (!string.IsNullOrEmpty(_settings.UnixSocket)) BindUnix(_settings.UnixSocket, _settings.UnixSocketPerm);
        using (_lock.Enter())
        {
            if (_acceptors.Count > 0) return;
        }

        throw new ServerStartException("Configured to not listen anywhere, exiting.");
    }

    /// <summary>
    /// How many clients can be served with the descriptors of the process, at most as many as are configured; before
    /// <see cref="Accept()"/>, with everything else open that is open all the time.
    /// </summary>
    /// <exception cref="ServerStartException">There is no room for any.</exception>
    public int FitClients()
    {
        var wanted = _settings.MaxClients;
        var room = DescriptorLimit.RoomForClients(0);
        if (wanted <= room) return wanted;
        var most = DescriptorLimit.Most;
        var needed = most - room + wanted;
        if (room < 1)
        {
            throw new ServerStartException(
                $"Your current 'ulimit -n' of {most} is not enough for the server to start. "
                + $"Please increase your open file limit to at least {needed}. Exiting.");
        }

        ServingLog.MaxClientsReduced(_logger, wanted, needed, most, (int)room);
        return (int)room;
    }

    /// <summary>Why so many clients as are configured cannot be served (CONFIG SET maxclients); null when they can.</summary>
    public string? CheckClients()
    {
        var room = DescriptorLimit.RoomForClients(_serving.Clients.Count);
        return _settings.MaxClients <= room
            ? null
            : "The operating system is not able to handle the specified number of clients, try with "
            + Math.Max(room, 1).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Begins to accept connections; a second call does nothing.</summary>
    public void Accept()
    {
        if (_isAccepting) return;
        _isAccepting = true;
        if (!TryStartAccepting()) throw new ServerStartException("Failed starting a thread that accepts clients, exiting.");
    }

    /// <summary>
    /// Listens on other addresses or another port (CONFIG SET bind, port, tls-port). Returns null, or the reason why not, with
    /// the old addresses still listened on.
    /// </summary>
    public string? Rebind()
    {
        if (!ListenAddress.TryResolve(_settings.Bind, out var addresses, out var failed))
        {
            ServingLog.CannotListen(_logger, failed, _settings.Port, NoSuchHost);
            return CannotListenReason;
        }

        using (_rebinding.Enter())
        {
            if (_settings.TlsPort != 0 && _tls is null && RenewTls() is { } refused) return refused;

            // The old sockets must go first: the new set may name the same address and port.
            var old = _bound;
            StopTcp();
            try
            {
                BindAll(addresses, _settings.Port, ephemeral: false);
                if (!TryStartAccepting()) throw new ServerStartException("no thread is left");
                return null;
            }
            catch (ServerStartException)
            {
                StopTcp();
                _bound = old;
                if (!TryRestore()) _restore.Request();
                return CannotListenReason;
            }
        }
    }

    /// <summary>
    /// Encrypts connections from now on as the directives say (CONFIG SET tls-*), if there is a port for them. Returns null, or the reason
    /// why not, with what was in force before.
    /// </summary>
    public string? RenewTls()
    {
        using (_rebinding.Enter())
        {
            var former = _tls;
            if (_settings.TlsPort == 0)
            {
                // Whoever opens the port again has the files read again.
                _tls = null;
                former?.Dispose();
                return null;
            }

            try
            {
                _tls = TlsContext.ForServer(_settings.TlsOptions);
                former?.Dispose(); // connections that were made of it keep what they need
                return null;
            }
            catch (TlsException refused)
            {
                ServingLog.TlsRefused(_logger, refused.Message);
                return TlsRefused;
            }
        }
    }

    /// <summary>Stops listening; connections stay.</summary>
    public void Stop()
    {
        _isStopped = true;
        using (_lock.Enter())
        {
            foreach (var acceptor in _acceptors) acceptor.Stop();
            _acceptors.Clear();
        }

        if (_unixPath is null) return;
        try
        {
            File.Delete(_unixPath);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            ServingLog.UnixSocketStays(_logger, _unixPath, SystemErrors.Explain(error));
        }
    }

    private static bool IsUnsupported(SocketException error) =>
        error.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.AddressFamilyNotSupported
            or SocketError.ProtocolNotSupported or SocketError.ProtocolFamilyNotSupported;

    /// <summary>Has every socket accepted from that is not yet, once accepting has begun.</summary>
    private bool TryStartAccepting()
    {
        if (!_isAccepting) return true;
        using (_lock.Enter()) return _acceptors.TrueForAll(acceptor => acceptor.TryStart());
    }

    private void StopTcp()
    {
        using (_lock.Enter())
        {
            var stopped = _acceptors.FindAll(acceptor => !acceptor.Listener.IsUnix);
            foreach (var acceptor in stopped) acceptor.Stop();
            _acceptors.RemoveAll(stopped.Contains);
        }
    }

    private bool RestoreNow()
    {
        using (_rebinding.Enter()) return TryRestore();
    }

    /// <summary>
    /// Listens again where it did before a change that failed. False while that is not possible: a node that nobody can
    /// reach tries on, once a second.
    /// </summary>
    private bool TryRestore()
    {
        if (_isStopped) return true;
        using (_lock.Enter())
        {
            var missing = Array.FindAll(
                _bound, wanted => !_acceptors.Exists(acceptor => wanted.EndPoint.Equals(acceptor.Listener.EndPoint)));
            foreach (var (endPoint, isTls) in missing)
            {
                try
                {
                    Add(Bind(endPoint), isTls);
                }
                catch (SocketException error)
                {
                    ServingLog.CannotListen(_logger, endPoint.Address.ToString(), endPoint.Port, "bind: " + SystemErrors.Explain(error));
                    return false;
                }
            }

            NotePorts();
        }

        return TryStartAccepting();
    }

    /// <summary>Binds every address, for each port that there is.</summary>
    private void BindAll(List<ListenAddress> addresses, int port, bool ephemeral)
    {
        var bound = new List<(IPEndPoint, bool)>();
        if (port != 0 || ephemeral) BindPort(addresses, port, isTls: false, bound);
        if (_settings.TlsPort != 0) BindPort(addresses, _settings.TlsPort, isTls: true, bound);
        _bound = [.. bound];
        NotePorts();
    }

    /// <summary>Binds every address with one port; 0 is whichever the system picks for the first.</summary>
    private void BindPort(List<ListenAddress> addresses, int port, bool isTls, List<(IPEndPoint EndPoint, bool IsTls)> bound)
    {
        foreach (var address in addresses)
        {
            try
            {
                var listener = Bind(new IPEndPoint(address.Address, port));
                port = listener.EndPoint!.Port;
                bound.Add((listener.EndPoint!, isTls));
                using (_lock.Enter()) Add(listener, isTls);
            }
            catch (SocketException error)
            {
                if (address.IsOptional && IsUnsupported(error)) continue;
                Fail(address.Name, port, "bind: " + SystemErrors.Explain(error), isTls);
            }
        }
    }

    private void NotePorts()
    {
        Port = PortOf(isTls: false);
        TlsPort = PortOf(isTls: true);

        int PortOf(bool isTls) => Array.Find(_bound, bound => bound.IsTls == isTls).EndPoint?.Port ?? 0;
    }

    private void Add(Listener listener, bool isTls)
    {
        _acceptors.Add(
            new Acceptor(
                listener,
                client => Accept(client, listener.IsUnix, isTls),
                client => RefuseOneTooMany(client, isTls),
                error => ServingLog.AcceptFailed(_logger, SystemErrors.Explain(error))));
    }

    [DoesNotReturn]
    private void Fail(string name, int port, string explanation, bool isTls)
    {
        StopTcp();
        ServingLog.CannotListen(_logger, name, port, explanation);
        throw new ServerStartException($"Failed listening on port {port} ({(isTls ? "tls" : "tcp")}), aborting.");
    }

    private Listener Bind(IPEndPoint endPoint) => Listener.Bind(endPoint, _settings.TcpBacklog, waits: true);

    private void BindUnix(string path, int permissions)
    {
        path = _settings.PathOf(path);
        var length = Encoding.UTF8.GetByteCount(path);
        if (length >= UnixPathLength)
            throw new ServerStartException($"Failed opening Unix socket: unix socket path too long ({length}), must be under {UnixPathLength}");
        Listener? listener = null;
        try
        {
            // A folder of this name stays, and the system says that the address is in use. That there is no folder for it says the
            // attempt to delete, while the runtime takes the system's word at the binding for another one.
            if (!Directory.Exists(path)) File.Delete(path);
            listener = Listener.BindUnix(path, _settings.TcpBacklog);
            if (permissions != 0 && !OperatingSystem.IsWindows()) File.SetUnixFileMode(path, (UnixFileMode)permissions);
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            listener?.Dispose();
            var explanation = SystemErrors.Explain(error);
            ServingLog.CannotListenUnix(_logger, explanation);
            throw new ServerStartException("Failed opening Unix socket: bind: " + explanation, error);
        }

        _unixPath = path;
        using (_lock.Enter()) Add(listener, isTls: false);
    }

    private void Accept(SocketStream client, bool isUnix, bool isTls)
    {
        if (!isUnix && _settings.TcpKeepAlive > 0) client.KeepAlive(_settings.TcpKeepAlive);
        if (DescriptorLimit.IsReserved(client.Source.Descriptor) || !_serving.Clients.TryReserve(_settings.MaxClients))
        {
            RefuseOneTooMany(client, isTls);
            return;
        }

        if (_settings.ProtectedMode && !_settings.WantsPassword && !isUnix && !IsLoopback(client))
        {
            _serving.Clients.Unreserve();
            _serving.Stats.CountRejectedConnection();
            Reject(client, Denied, isTls);
            return;
        }

        if (TryMake(client, isUnix, isTls) is not { } connection) return;
        _serving.Stats.CountConnection();
        ServingLog.Accepted(_logger, connection.RemoteAddress);
        _serving.Clients.Add(connection);
        connection.Start();
    }

    /// <summary>Null when there is no memory for it; the client is turned away then.</summary>
    private ClientConnection? TryMake(SocketStream client, bool isUnix, bool isTls)
    {
        IByteStream stream = client;
        try
        {
            if (isTls) stream = Encrypt(client);
            return new ClientConnection(_serving, _threads.Adopt(stream), isUnix);
        }
        catch (Exception refused) when (refused is OutOfMemoryException or TlsException)
        {
            if (refused is TlsException) ServingLog.AcceptFailed(_logger, refused.Message);
            _serving.Buffers.DropFree();
            _serving.Clients.Unreserve();
            _serving.Stats.CountRejectedConnection();
            stream.Dispose();
            return null;
        }
    }

    /// <summary>The stream of a client's connection, which begins with its handshake.</summary>
    private TlsStream Encrypt(SocketStream client)
    {
        var (address, own) = (client.RemoteEndPoint?.ToString() ?? "", client.LocalEndPoint?.ToString() ?? "");
        while (true)
        {
            var context = _tls ?? throw new TlsException("TLS is not configured");
            try
            {
                return new TlsStream(client, context, isAccepted: true, reason => ServingLog.HandshakeFailed(_logger, reason, address, own));
            }
            catch (TlsException) when (context != _tls)
            {
                // Replaced in this moment: the other one it is.
            }
        }
    }

    private void RefuseOneTooMany(SocketStream client, bool isTls)
    {
        _serving.Stats.CountRejectedConnection();
        Reject(client, "-ERR max number of clients reached\r\n"u8, isTls);
    }

    private static bool IsLoopback(SocketStream client) =>
        client.RemoteEndPoint is { } remote && IPAddress.IsLoopback(remote.Address);

    private static void Reject(SocketStream client, ReadOnlySpan<byte> reason, bool isTls)
    {
        // A fresh socket takes a short text at once; if not, the client does without. So does one that is about to shake hands.
        if (!isTls) client.Send(reason, out _);
        client.Dispose();
    }
}
