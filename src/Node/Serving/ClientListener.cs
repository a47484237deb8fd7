using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Starling.Node.Serving;

/// <summary>The listening sockets of clients: TCP on every bind address, and the Unix socket.</summary>
public sealed class ClientListener
{
    private const int SolSocket = 1;
    private const int SoReuseAddress = 2;

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

    private readonly NodeServer _server;
    private readonly ILogger _logger;
    private readonly Lock _lock = new(); // guards _sockets; takes no other lock
    private readonly List<Socket> _sockets = [];
    private string? _unixPath;
    private string[] _bound = [];
    private bool _isAccepting;
    private volatile bool _isStopped;

    /// <summary>Makes the listener of a server; nothing is bound yet.</summary>
    public ClientListener(NodeServer server)
    {
        _server = server;
        _logger = server.Loggers.CreateLogger("Serving");
    }

    /// <summary>The TCP port in use; 0 when there is none.</summary>
    public int Port { get; private set; }

    /// <summary>
    /// Binds and listens on every address of the configuration; who connects waits until <see cref="Accept()"/>. With
    /// <paramref name="ephemeral"/> on a port that the system picks (tests).
    /// </summary>
    /// <exception cref="ServerStartException">An address cannot be bound; Redis's lines are logged.</exception>
    public void Bind(bool ephemeral = false)
    {
        var config = _server.Config;
        if (config.Port != 0 || ephemeral) Port = BindAll(config.Bind, ephemeral ? 0 : config.Port, ephemeral);
        if (ephemeral) config.Port = Port;
        if (!string.IsNullOrEmpty(config.UnixSocket)) BindUnix(config.UnixSocket, config.UnixSocketPerm);
        lock (_lock)
        {
            if (_sockets.Count > 0) return;
        }

        throw new ServerStartException("Configured to not listen anywhere, exiting.");
    }

    /// <summary>Begins to accept connections; a second call does nothing.</summary>
    public void Accept()
    {
        if (_isAccepting) return;
        _isAccepting = true;
        Socket[] sockets;
        lock (_lock) sockets = [.. _sockets];
        foreach (var socket in sockets) StartAccepting(socket);
    }

    /// <summary>
    /// Listens on other addresses or another port (CONFIG SET bind, port). Returns null, or the reason why not, with
    /// the old sockets still in place.
    /// </summary>
    public string? Rebind()
    {
        List<Socket> old;
        lock (_lock)
        {
            old = _sockets.FindAll(socket => socket.AddressFamily != AddressFamily.Unix);
            _sockets.RemoveAll(old.Contains);
        }

        // The old sockets must go first: the new set may name the same address and port.
        var (oldBind, oldPort) = (_bound, Port);
        foreach (var socket in old) socket.Dispose();
        try
        {
            Port = _server.Config.Port == 0 ? 0 : BindAll(_server.Config.Bind, _server.Config.Port, ephemeral: false);
        }
        catch (ServerStartException)
        {
            if (oldPort != 0) Port = BindAll(oldBind, oldPort, ephemeral: false);
            AcceptOnTcp();
            return "Unable to listen on this port. Check server logs.";
        }

        AcceptOnTcp();
        return null;
    }

    /// <summary>Stops listening; connections stay.</summary>
    public void Stop()
    {
        _isStopped = true;
        lock (_lock)
        {
            foreach (var socket in _sockets) socket.Dispose();
            _sockets.Clear();
        }

        if (_unixPath is not null) File.Delete(_unixPath);
    }

    private static string Explain(SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "Address already in use",
        SocketError.AddressNotAvailable => "Cannot assign requested address",
        SocketError.AccessDenied => "Permission denied",
        SocketError.AddressFamilyNotSupported => "Address family not supported by protocol",
        _ => error.Message,
    };

    private void AcceptOnTcp()
    {
        Socket[] sockets;
        lock (_lock) sockets = [.. _sockets.FindAll(socket => socket.AddressFamily != AddressFamily.Unix)];
        foreach (var socket in sockets) StartAccepting(socket);
    }

    /// <summary>Binds all and returns the port.</summary>
    private int BindAll(string[] addresses, int port, bool ephemeral)
    {
        _bound = addresses;
        if (addresses.Length == 0) addresses = ["*", "-::*"];
        foreach (var text in addresses)
        {
            var isOptional = text.StartsWith('-');
            var name = isOptional ? text[1..] : text;
            try
            {
                var address = name switch
                {
                    "*" => IPAddress.Any,
                    "::*" => IPAddress.IPv6Any,
                    _ => IPAddress.TryParse(name, out var parsed) ? parsed : Dns.GetHostAddresses(name)[0],
                };
                var socket = Bind(new IPEndPoint(address, port));
                if (ephemeral && port == 0) port = ((IPEndPoint)socket.LocalEndPoint!).Port;
                lock (_lock) _sockets.Add(socket);
            }
            catch (SocketException error)
            {
                var unsupported = error.SocketErrorCode is SocketError.AddressNotAvailable
                    or SocketError.AddressFamilyNotSupported or SocketError.ProtocolNotSupported
                    or SocketError.ProtocolFamilyNotSupported or SocketError.HostNotFound;
                if (isOptional && unsupported) continue;
                Fail(name, port, error);
            }
        }

        return port;
    }

    private void Fail(string name, int port, SocketException error)
    {
        lock (_lock)
        {
            foreach (var socket in _sockets.FindAll(socket => socket.AddressFamily != AddressFamily.Unix))
            {
                socket.Dispose();
                _sockets.Remove(socket);
            }
        }

        var explanation = (error.SocketErrorCode == SocketError.HostNotFound ? "" : "bind: ") + Explain(error);
        ServingLog.CannotListen(_logger, name, port, explanation);
        throw new ServerStartException($"Failed listening on port {port} (tcp), aborting.", error);
    }

    private Socket Bind(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6) socket.DualMode = false;

            // The runtime's ReuseAddress would also share the port with another server.
            if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(SolSocket, SoReuseAddress, BitConverter.GetBytes(1));
            socket.Bind(endPoint);
            socket.Listen(_server.Config.TcpBacklog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void BindUnix(string path, int permissions)
    {
        path = _server.Config.PathOf(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            socket.Listen(_server.Config.TcpBacklog);
            if (permissions != 0 && !OperatingSystem.IsWindows()) File.SetUnixFileMode(path, (UnixFileMode)permissions);
        }
        catch (Exception error) when (error is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            var explanation = error is SocketException socketError ? Explain(socketError) : error.Message;
            ServingLog.CannotListenUnix(_logger, explanation);
            throw new ServerStartException("Failed opening Unix socket: bind: " + explanation, error);
        }

        _unixPath = path;
        lock (_lock) _sockets.Add(socket);
    }

    private void StartAccepting(Socket socket)
    {
        var operation = new AcceptOperation(this, socket);
        operation.Run();
    }

    private void Accept(Socket client, bool isUnix)
    {
        var config = _server.Config;
        if (!isUnix)
        {
            client.NoDelay = true;
            SetKeepAlive(client, config.TcpKeepAlive);
        }

        if (!_server.Clients.TryReserve(config.MaxClients))
        {
            _server.Stats.CountRejectedConnection();
            Reject(client, "-ERR max number of clients reached\r\n"u8);
            return;
        }

        if (config.ProtectedMode && string.IsNullOrEmpty(config.RequirePass) && !isUnix && !IsLoopback(client))
        {
            _server.Clients.Unreserve();
            _server.Stats.CountRejectedConnection();
            Reject(client, Denied);
            return;
        }

        ClientConnection connection;
        try
        {
            connection = new ClientConnection(_server, _server.IoThreads.Adopt(client), isUnix);
        }
        catch (SocketException)
        {
            _server.Clients.Unreserve();
            throw;
        }

        _server.Stats.CountConnection();
        ServingLog.Accepted(_logger, connection.RemoteAddress);
        _server.Clients.Add(connection);
        connection.Start();
    }

    private static bool IsLoopback(Socket client) =>
        client.RemoteEndPoint is IPEndPoint remote && IPAddress.IsLoopback(remote.Address);

    private static void SetKeepAlive(Socket client, int seconds)
    {
        if (seconds <= 0) return;
        client.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        client.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
        client.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Math.Max(1, seconds / 3));
        client.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }

    private static void Reject(Socket client, ReadOnlySpan<byte> reason)
    {
        client.Blocking = false; // a fresh socket takes a short text at once; if not, the client does without
        client.Send(reason, SocketFlags.None, out _);
        client.Dispose();
    }

    private sealed class AcceptOperation(ClientListener listener, Socket socket)
        : SocketAsyncEventArgs(true)
    {
        private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

        private Timer? _retry; // kept: a timer that nobody refers to may be collected before it fires

        public void Run()
        {
            try
            {
                do
                {
                    AcceptSocket = null;
                    if (socket.AcceptAsync(this)) return;
                }
                while (Take());
            }
            catch (ObjectDisposedException)
            {
                Dispose(); // the listener was stopped
            }
        }

        protected override void OnCompleted(SocketAsyncEventArgs e)
        {
            if (Take()) Run();
        }

        /// <summary>True to go on at once.</summary>
        private bool Take()
        {
            if (listener._isStopped || SocketError == SocketError.OperationAborted) return false;
            if (SocketError == SocketError.Success)
            {
                try
                {
                    listener.Accept(AcceptSocket!, socket.AddressFamily == AddressFamily.Unix);
                }
                catch (SocketException error)
                {
                    // The client went away while its socket was set up.
                    ServingLog.AcceptFailed(listener._logger, Explain(error));
                    AcceptSocket!.Dispose();
                }

                return true;
            }

            ServingLog.AcceptFailed(listener._logger, SocketError.ToString());

            // Out of descriptors, mostly: some will be free again.
            _retry = new Timer(static state => ((AcceptOperation)state!).Run(), this, RetryDelay, System.Threading.Timeout.InfiniteTimeSpan);
            return false;
        }
    }
}
