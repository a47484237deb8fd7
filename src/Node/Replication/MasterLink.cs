using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// The link of a replica to its master: one thread that connects, synchronises, executes the stream, and begins again
/// whenever that ends, until it is stopped. The first attempt is made at once, so is the first after a link that
/// worked; others <see cref="ReplicationService.RetryPeriod"/> apart.
/// </summary>
internal sealed class MasterLink
{
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AcknowledgePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan HeldPeriod = TimeSpan.FromMilliseconds(10);
    private const int HeldBytes = 1024 * 1024; // beyond, the rest of a held stream stays in the sockets

    private readonly ReplicationService _service;
    private readonly ILogger _logger;
    private readonly ManualResetEventSlim _stop = new();
    private readonly ManualResetEventSlim _ended = new();
    private readonly ManualResetEventSlim _quiet = new(initialState: true);
    private MasterLink? _former;
    private MasterConnection? _connection;
    private volatile MasterLinkState _state;
    private volatile bool _stopped;
    private long _lastRead;
    private long _downSince;
    private bool _knowsOffsets;
    private volatile bool _hasBeenUp;
    private int _isStarted;

    /// <summary>Makes a link; <see cref="Start"/> sets it going.</summary>
    /// <param name="service">The service.</param>
    /// <param name="host">Name or address of the master.</param>
    /// <param name="port">Its port.</param>
    /// <param name="former">The link before, already stopped: if it is loading, that ends before this one
    /// begins.</param>
    /// <param name="logger">The log.</param>
    public MasterLink(ReplicationService service, string host, int port, MasterLink? former, ILogger logger)
    {
        _service = service;
        Host = host;
        Port = port;
        _former = former;
        _logger = logger;
        _downSince = former is null ? 0 : former.State == MasterLinkState.Connected ? former.LastRead : former.DownSince;
    }

    /// <summary>Name or address of the master.</summary>
    public string Host { get; }

    /// <summary>Its port.</summary>
    public int Port { get; }

    /// <summary>How far it is.</summary>
    public MasterLinkState State => _state;

    /// <summary>
    /// True once the stream has flowed, though the link may be down again: the data is of this master's history.
    /// </summary>
    public bool HasBeenUp => _hasBeenUp;

    /// <summary>
    /// When the master's last bytes came while the stream flows, by <see cref="NodeBasics.SteadyMilliseconds"/>.
    /// </summary>
    public long LastRead => Volatile.Read(ref _lastRead);

    /// <summary>
    /// When the link went down, by <see cref="NodeBasics.SteadyMilliseconds"/>; 0 when it never was up.
    /// </summary>
    public long DownSince => Volatile.Read(ref _downSince);

    /// <summary>Progress of the transfer of a snapshot.</summary>
    public TransferProgress Progress { get; } = new();

    /// <summary>True once it was given up. Set under every stripe.</summary>
    public bool IsStopped => _stopped;

    private NodeBasics Basics => _service.Basics;

    private TimeSpan Timeout => TimeSpan.FromSeconds(Basics.Config.ReplTimeout);

    /// <summary>
    /// Starts the thread, unless it runs; when the system has no thread left the next call tries again. Any thread.
    /// </summary>
    public void Start()
    {
        if (Volatile.Read(ref _isStarted) != 0 || Interlocked.Exchange(ref _isStarted, 1) != 0) return;
        if (!new Thread(Run) { IsBackground = true, Name = "master-link" }.TryStart()) Volatile.Write(ref _isStarted, 0);
    }

    /// <summary>
    /// Gives the link up: nothing that it still reads has any effect. Under every stripe; does not wait.
    /// </summary>
    public void Stop()
    {
        _stopped = true;
        _stop.Set();
        Interlocked.CompareExchange(ref _connection, null, null)?.Interrupt();
    }

    /// <summary>Waits for the thread's end. Not with a stripe held.</summary>
    public bool Join(TimeSpan timeout)
    {
        LockOrder.AssertMayBlock("waiting for the link to the master");
        return Volatile.Read(ref _isStarted) == 0 || _ended.Wait(timeout);
    }

    /// <summary>
    /// Closes the connection; it is made again at once. False when there is none between these ends (CLIENT KILL).
    /// </summary>
    public bool Kill(string? remote, string? local)
    {
        if (_state != MasterLinkState.Connected || Volatile.Read(ref _connection) is not { } connection) return false;
        if (remote is not null && connection.RemoteEndPoint?.ToString() != remote) return false;
        if (local is not null && connection.LocalEndPoint?.ToString() != local) return false;
        connection.Interrupt();
        return true;
    }

    /// <summary>
    /// Announces that a snapshot is about to be loaded, which goes on for a moment after the link was stopped.
    /// </summary>
    public void BeginLoading() => _quiet.Reset();

    /// <summary>The loading is over, and what was not to stay is gone.</summary>
    public void EndLoading() => _quiet.Set();

    /// <summary>
    /// Waits until neither this link nor one before it puts a snapshot into the keyspace: soon, once it was stopped.
    /// </summary>
    public void WaitUntilQuiet()
    {
        LockOrder.AssertMayBlock("waiting for the end of a load");
        Volatile.Read(ref _former)?.WaitUntilQuiet();
        _quiet.Wait();
    }

    private void Run()
    {
        try
        {
            _former?.WaitUntilQuiet();
            Volatile.Write(ref _former, null);
            var isFirst = true;
            while (!_stopped)
            {
                if (isFirst) MasterLinkMessages.Connecting(_logger, Host, Port);
                var began = Basics.Clock.GetTimestamp();
                isFirst = Attempt();
                if (_stopped) return;
                if (isFirst)
                {
                    MasterLinkMessages.Reconnecting(_logger, Host, Port);
                    isFirst = false;
                    continue;
                }

                var rest = _service.RetryPeriod - Basics.Clock.GetElapsedTime(began);
                if (rest > TimeSpan.Zero) _stop.Wait(rest);
                if (!_stopped) MasterLinkMessages.Connecting(_logger, Host, Port);
            }
        }
        finally
        {
            _ended.Set();
        }
    }

    /// <summary>One connection, from connecting to its end. True when it had got as far as the stream.</summary>
    private bool Attempt()
    {
        try
        {
            using var connection = Connect();
            Synchronize(connection);
        }
        catch (MasterLinkException)
        {
            // Logged where it was thrown.
        }
        catch (SocketException failure)
        {
            MasterLinkMessages.SocketError(_logger, SystemErrors.Explain(failure));
        }
        catch (TimeoutException)
        {
            if (!_stopped) MasterLinkMessages.ConnectTimeout(_logger);
        }
        catch (IOException failure)
        {
            if (!_stopped) MasterLinkMessages.TransferFailed(_logger, SystemErrors.Explain(failure));
        }
        finally
        {
            Volatile.Write(ref _connection, null);
        }

        var worked = _state == MasterLinkState.Connected;
        if (worked) GoDown();
        _state = MasterLinkState.Connect;
        return worked;
    }

    private void GoDown()
    {
        Volatile.Write(ref _downSince, Basics.SteadyMilliseconds);
        MasterLinkMessages.ConnectionLost(_logger);
        if (_service.CanContinue) MasterLinkMessages.CachesMaster(_logger);
        _state = MasterLinkState.Connect;
        if (!_stopped) _service.OnLinkChanged();
    }

    private MasterConnection Connect()
    {
        _state = MasterLinkState.Connecting;
        MasterConnection connection;
        try
        {
            connection = MasterConnection.Open(HostName.Resolve(Host)[0], Port, Basics.Config.BindSourceAddr, Basics.Clock);
            connection.OnReceived = Basics.Stats.CountReplicationInput;
        }
        catch (SocketException failure)
        {
            MasterLinkMessages.UnableToConnect(_logger, SystemErrors.Explain(failure));
            throw new MasterLinkException(SystemErrors.Explain(failure));
        }

        MasterLinkMessages.SyncStarted(_logger);
        try
        {
            // A full fence: who stops the link sets the mark and then looks for the connection, here it is the other
            // way round. One of the two sees the other's word.
            Interlocked.Exchange(ref _connection, connection);
            if (_stopped) throw new IOException("the link was given up");
            connection.WaitConnected(Timeout);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        MasterLinkMessages.Connected(_logger);
        return connection;
    }

    private void Synchronize(MasterConnection connection)
    {
        _state = MasterLinkState.Handshake;
        var handshake = new MasterHandshake(connection, Basics.Config, _logger);
        var (id, offset) = _service.CanContinue ? (_service.History.Id, _service.Log.Offset) : (null, 0);
        var answer = handshake.Run(id, offset + 1);
        _knowsOffsets = answer.Kind == MasterAnswerKind.Continue || answer.Offset >= 0;
        if (answer.Kind == MasterAnswerKind.Continue)
        {
            if (id is null)
            {
                MasterLinkMessages.UnexpectedPsyncReply(_logger, "+CONTINUE");
                throw new MasterLinkException("+CONTINUE without a request");
            }

            if (!_service.TryContinue(this, answer.Id)) return;
            MasterLinkMessages.PartialAccepted(_logger);
        }
        else
        {
            _state = MasterLinkState.Transfer;
            var transfer = new MasterTransfer(_service, this, connection, _logger);
            if (!transfer.Run(answer)) return;
            MasterLinkMessages.Finished(_logger);
        }

        GoUp(connection);
        Follow(connection);
    }

    private void GoUp(MasterConnection connection)
    {
        Volatile.Write(ref _lastRead, Basics.SteadyMilliseconds);
        _hasBeenUp = true;
        _state = MasterLinkState.Connected;
        _service.OnLinkChanged();
        Acknowledge(connection, _service.Log.Offset);
    }

    /// <summary>Executes the stream until the connection or the link ends.</summary>
    private void Follow(MasterConnection connection)
    {
        var stream = new MasterStream(
            _service,
            Math.Max(0, _service.Log.StreamDatabase),
            () => !_stopped,
            offset => Acknowledge(connection, offset),
            _logger);
        var clock = Basics.Clock;
        var acknowledgedAt = clock.GetTimestamp();
        try
        {
            while (!_stopped)
            {
                if (!stream.Execute(connection)) return;
                _service.Flush();
                var wait = AcknowledgePeriod - clock.GetElapsedTime(acknowledgedAt);
                if (wait <= TimeSpan.Zero)
                {
                    acknowledgedAt = clock.GetTimestamp();
                    if (connection.ReadUntilQuiet()) Acknowledge(connection, _service.Log.Offset);
                    continue; // with what was read
                }

                var isHeld = stream.HasStoppedHeld;
                if (isHeld && wait > HeldPeriod) wait = HeldPeriod;
                if (isHeld && (connection.Available > HeldBytes || connection.HasEnded))
                {
                    _stop.Wait(wait);
                }
                else if (connection.TryFill(wait))
                {
                    Volatile.Write(ref _lastRead, Basics.SteadyMilliseconds);
                }
                else if (Basics.SteadyMilliseconds - LastRead > Timeout.TotalMilliseconds)
                {
                    MasterLinkMessages.MasterTimeout(_logger);
                    return;
                }
            }
        }
        catch (IOException)
        {
            // The connection's end is told by GoDown; what was read before it is executed.
        }
        catch (FormatException failure)
        {
            MasterLinkMessages.StreamMalformed(_logger, failure.Message);
            _service.Discard(this);
        }
        finally
        {
            _service.Flush(); // what was executed before the end
        }
    }

    /// <summary>Tells the master the processed offset, unless it knows no offsets.</summary>
    private void Acknowledge(MasterConnection connection, long offset)
    {
        if (!_knowsOffsets) return;
        Span<byte> command = stackalloc byte[80];
        var length = MasterStream.EncodeAcknowledgement(offset, command);
        try
        {
            connection.Send(command[..length], SendTimeout);
        }
        catch (IOException)
        {
            // The master is gone. What it sent before is in this node's hands, perhaps the only ones left, and is
            // executed first; the read behind it tells the end.
        }
    }
}
