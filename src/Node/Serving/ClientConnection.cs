using System.Net;
using Microsoft.Extensions.Logging;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>
/// A connected client: receives, parses and executes its commands on the I/O thread that its bytes arrive on, and
/// sends the replies of each receive in one go. The input lock guards all of that; it is the outermost lock of the
/// server (stripes, log and outputs are taken under it) and is contended only when a held client is resumed by another
/// thread.
/// </summary>
public sealed class ClientConnection : ITransportOwner, IThreadPoolWorkItem
{
    private const int FlushLength = 64 * 1024;
    private const int RoundsPerTurn = 32;
    private const int NothingYet = int.MinValue;
    private const int MaxQueryLength = 2_000_000_000; // one array holds it

    private readonly NodeServer _server;
    private readonly ITransport _transport;
    private readonly ILogger _logger;
    private readonly Lock _inputLock = new();
    private readonly InputBuffer _input = new();
    private readonly RequestReader _reader = new();
    private ArgumentList _arguments = new(); // of the command read in part
    private readonly ClientOutput _output;
    private IConnectionOwner? _owner;
    private bool _isHeld; // suspended or paused: bytes are kept, not executed
    private bool _isGone;
    private bool _receivesIntoSmall;
    private volatile bool _isClosing;

    internal ClientConnection(NodeServer server, ITransport transport, bool isUnixSocket)
    {
        _server = server;
        _transport = transport;
        _logger = server.Loggers.CreateLogger("Serving");
        IsUnixSocket = isUnixSocket;
        Session = new ClientSession(server.Clients.NextId(), ClientOrigin.Client)
        {
            Connection = this,
            CreatedAt = server.NowMilliseconds,
            LastInteraction = server.NowMilliseconds,
            IsAuthenticated = string.IsNullOrEmpty(server.Config.RequirePass),
        };
        Context = new CommandContext(server, Session, new RespWriter());
        _output = new ClientOutput(this, transport);
        transport.Attach(this);
        RemoteAddress = isUnixSocket ? server.Config.UnixSocket + ":0" : Describe(transport.RemoteEndPoint);
        LocalAddress = isUnixSocket ? server.Config.UnixSocket + ":0" : Describe(transport.LocalEndPoint);
    }

    /// <summary>What the server knows of the client.</summary>
    public ClientSession Session { get; }

    /// <summary>The peer's address; null for a Unix socket.</summary>
    public IPEndPoint? RemoteEndPoint => _transport.RemoteEndPoint;

    /// <summary>This end's address; null for a Unix socket.</summary>
    public IPEndPoint? LocalEndPoint => _transport.LocalEndPoint;

    /// <summary>The peer's address and port as CLIENT LIST prints them.</summary>
    public string RemoteAddress { get; }

    /// <summary>This end's address and port as CLIENT LIST prints them.</summary>
    public string LocalAddress { get; }

    /// <summary>The descriptor of its socket, for CLIENT LIST.</summary>
    public long Descriptor => _transport.Descriptor;

    /// <summary>It came over the Unix socket.</summary>
    public bool IsUnixSocket { get; }

    /// <summary>It came from this machine: over the Unix socket or the loopback interface.</summary>
    public bool IsLocal => IsUnixSocket || (RemoteEndPoint is { } remote && IPAddress.IsLoopback(remote.Address));

    /// <summary>Bytes that wait to be sent, those the kernel has taken not counted.</summary>
    public long PendingBytes => _output.PendingBytes;

    /// <summary>True once it is closed or about to be.</summary>
    public bool IsClosing => _isClosing;

    /// <summary>True while the client waits (blocked or paused).</summary>
    public bool IsHeld => Volatile.Read(ref _isHeld);

    internal CommandContext Context { get; }

    internal NodeServer Server => _server;

    internal ClientOutput Output => _output;

    internal int InputLength => _input.Length;

    internal int InputCapacity => _input.Capacity;

    /// <summary>
    /// Takes the connection over for a replication stream: sends the replies written so far, counts the client as a
    /// replica from now on (other output limits, no idle timeout) and tells <paramref name="owner"/> when the output
    /// has drained and when the connection is gone. Its commands (REPLCONF ACK) still come through the executor.
    /// Called by the handler of PSYNC or SYNC, after it wrote its reply.
    /// </summary>
    public void TakeOver(IConnectionOwner owner)
    {
        Session.Kind = ClientKind.Replica;
        _owner = owner;
        _output.Enqueue(Context.Reply);
    }

    /// <summary>
    /// Sends bytes, behind everything written or pushed before. Any thread; never waits. A client over its output limit
    /// is closed.
    /// </summary>
    public void Push(ReadOnlySpan<byte> bytes) => _output.Push(bytes);

    /// <summary>Closes at once; what was not sent is lost. Any thread.</summary>
    public void Close()
    {
        _isClosing = true;
        _transport.Close();
    }

    /// <summary>
    /// Closes when everything written and pushed so far is sent; nothing more is executed. Any thread.
    /// </summary>
    public void CloseAfterReply()
    {
        Session.CloseAfterReply = true;
        _output.CloseWhenDrained();
    }

    void ITransportOwner.OnReceived(int received) => Receive(received);

    void ITransportOwner.OnSent(bool broken) => _output.OnSent(broken);

    void IThreadPoolWorkItem.Execute() => Resume();

    internal void Start() => Receive(NothingYet);

    /// <summary>Goes on with a held client, on a thread of the pool. Any thread; at any time.</summary>
    internal void ScheduleResume() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    internal void OnOutputDrained() => _owner?.OnDrained();

    private static string Describe(IPEndPoint? endPoint) => endPoint is null ? "?:0" : endPoint.ToString();

    /// <summary>
    /// Takes in what came, and receives on until nothing is there. Under the input lock throughout: nobody else wants
    /// it meanwhile.
    /// </summary>
    private void Receive(int received)
    {
        lock (_inputLock)
        {
            for (var round = 0; ; round++)
            {
                if (received != NothingYet && !Accept(received)) return;

                // While the client is held, or its bytes lie elsewhere anyway, another thread may work on them: receive
                // beside them.
                _receivesIntoSmall = _isHeld || !_input.IsLarge;
                if (_receivesIntoSmall && (_isHeld || _input.Length == 0)) _input.VacateSmall();
                var buffer = _receivesIntoSmall ? _input.Small : _input.Bytes;
                var offset = _receivesIntoSmall && _input.IsLarge ? 0 : _input.End;
                if (!_transport.Receive(buffer, offset, buffer.Length - offset, out received)) return;
                if (round < RoundsPerTurn) continue;

                // A client that never pauses must not keep the I/O thread from the others.
                var taken = received;
                ThreadPool.UnsafeQueueUserWorkItem(
                    static turn => turn.Self.Receive(turn.Taken), (Self: this, Taken: taken), preferLocal: false);
                return;
            }
        }
    }

    /// <summary>Takes in what was received; false when the connection is gone.</summary>
    private bool Accept(int received)
    {
        if (received <= 0 || _isClosing)
        {
            Leave();
            return false;
        }

        Session.LastInteraction = _server.NowMilliseconds;
        var stats = Context.Stats = _server.Stats.Own;
        stats.NetInputBytes += received;
        stats.Reads++;
        if (_receivesIntoSmall && _input.IsLarge) _input.Append(_input.Small.AsSpan(0, received));
        else _input.Advance(received);
        if (Session.CloseAfterReply)
        {
            _input.Clear(); // it was told: whatever it still sends is not for us
            return true;
        }

        if (_isHeld)
        {
            _input.VacateSmall();
            return CheckQueryLimit();
        }

        if (_input.Room == 0) ReceiveMore(stats);
        Process(mayUseSmall: true);
        return CheckQueryLimit();
    }

    /// <summary>
    /// The buffer is full, so there is probably more: takes it in before executing, for fewer and longer batches.
    /// </summary>
    private void ReceiveMore(StatsCell stats)
    {
        _input.EnsureRoom(1);
        if (!_transport.TryReceive(_input.Bytes.AsSpan(_input.End), out var received) || received <= 0) return;
        _input.Advance(received);
        stats.NetInputBytes += received;
        stats.Reads++;
    }

    private bool CheckQueryLimit()
    {
        // What MULTI has queued is still query, as in Redis 7.2.
        var length = _input.Length + (Session.Transaction?.ArgumentBytes ?? 0);
        if (length <= Math.Min(_server.Config.ClientQueryBufferLimit, MaxQueryLength)) return true;
        _server.Stats.CountQueryLimit();
        ServingLog.QueryBufferLimit(_logger, ClientInfo.Describe(this));
        Close();
        Leave();
        return false;
    }

    /// <summary>Executes every whole command that is there, and sends the replies.</summary>
    /// <param name="mayUseSmall">False while a receive into the small buffer may be under way.</param>
    private void Process(bool mayUseSmall)
    {
        _reader.MaxBulkLength = _server.Config.ProtoMaxBulkLen;
        var batch = CommandBatch.Rent();
        try
        {
            Context.Now = Session.LastInteraction;
            while (ProcessBatch(batch))
            {
                if (Context.Reply.Length > FlushLength) _output.Enqueue(Context.Reply);
                Context.Now = _server.NowMilliseconds;
            }
        }
        catch (Exception error) when (MayGoOn(error))
        {
            // The one catch of the connection: a handler failed, its locks are released. The client learns it and goes.
            ServingLog.HandlerFailed(_logger, Session.LastCommand?.FullName ?? "?", error);
            Context.Reply.Error("ERR internal error"u8);
            Session.CloseAfterReply = true;
        }

        Context.EndTime();
        batch.Return();
        if (_isHeld) _input.VacateSmall();
        else _input.Compact(_reader.BytesExpected(_input.Start, _input.End), mayUseSmall);
        _output.Enqueue(Context.Reply);
        _server.Replication.Flush();
        if (Session.CloseAfterReply) _output.CloseWhenDrained();
    }

    /// <summary>
    /// What the failure of a handler means for the server. A filter: it runs where the exception was thrown, with the
    /// handler's locks still held, so that nobody has seen a change that the replicas will not.
    /// </summary>
    private bool MayGoOn(Exception error)
    {
        if (!Context.MayHaveChanged) return error is not OutOfMemoryException;
        var command = Context.Command.FullName;
        ServingLog.WriteFailed(_logger, command, error);
        _server.Fail($"the handler of {command} failed and may have left half a change", error);
        return true;
    }

    /// <summary>Reads some commands and executes them; false when there are no more for now.</summary>
    private bool ProcessBatch(CommandBatch batch)
    {
        var status = ReadAhead(batch);
        if (batch.Count > 1) batch.Prefetch(_server.Keyspace, Context.Database);
        for (var i = 0; i < batch.Count; i++)
        {
            var pending = batch.Commands[i];
            Context.Load(pending);
            var outcome = Dispatch(pending.Command);
            var mayGoOn = Session.Suspension is null && !Session.CloseAfterReply && !_isClosing;
            if (outcome == DispatchOutcome.Done && mayGoOn) continue;
            Interrupt(pending, outcome);
            return false;
        }

        if (status == RequestStatus.Malformed)
        {
            ServingLog.ProtocolError(_logger, _reader.Error, ClientInfo.Describe(this));
            Context.Reply.Error(_reader.Error);
            _server.Stats.CountError(Context.Reply.LastErrorCode);
            Session.CloseAfterReply = true;
        }

        return status == RequestStatus.Command;
    }

    /// <summary>Reads commands until the batch is full or no whole one is left.</summary>
    private RequestStatus ReadAhead(CommandBatch batch)
    {
        // What comes after AUTH is read by other rules than before.
        _reader.Unauthenticated = !Session.IsAuthenticated && !string.IsNullOrEmpty(_server.Config.RequirePass);
        var most = _reader.Unauthenticated ? 1 : CommandBatch.Length;
        batch.Count = 0;
        while (batch.Count < most)
        {
            var pending = batch.Commands[batch.Count];
            var start = _input.Start;
            var status = _reader.Read(_input.Bytes, ref start, _input.End, _arguments);
            pending.Start = _input.Start;
            _input.Start = start;
            if (status != RequestStatus.Command) return status;
            pending.End = start;
            (pending.Arguments, _arguments) = (_arguments, pending.Arguments);
            pending.Resolve(_server.Commands, _server.Keyspace);
            batch.Used = Math.Max(batch.Used, ++batch.Count);
        }

        return RequestStatus.Command;
    }

    /// <summary>
    /// Stops in the middle of a batch: what was read ahead will be read again, from the start of its first command.
    /// </summary>
    private void Interrupt(PendingCommand pending, DispatchOutcome outcome)
    {
        _reader.Reset();
        _input.Start = outcome == DispatchOutcome.Held ? pending.Start : pending.End;
        if (outcome == DispatchOutcome.CrossProtocol)
        {
            ServingLog.CrossProtocol(_logger, ClientInfo.Describe(this));
            Session.CloseAfterReply = true;
        }
        else if (outcome == DispatchOutcome.Held)
        {
            Volatile.Write(ref _isHeld, true);
            _server.Clients.Hold(this);
        }
        else if (Session.Suspension is not null)
        {
            Volatile.Write(ref _isHeld, true);
        }
    }

    private DispatchOutcome Dispatch(Command? command)
    {
        var reply = Context.Reply;
        var mode = Session.ReplyMode;
        if (mode == ReplyMode.On) return _server.Executor.Execute(Context, command);
        var before = reply.Length;
        Session.ClearsReplySkip = false;

        // So that CLIENT REPLY SKIP can ask for the next one.
        if (mode == ReplyMode.SkipNext) Session.ReplyMode = ReplyMode.On;
        var outcome = _server.Executor.Execute(Context, command);
        if (outcome == DispatchOutcome.Held) Session.ReplyMode = mode;
        else if (!Session.ClearsReplySkip) reply.Truncate(before);
        return outcome;
    }

    private void Resume()
    {
        lock (_inputLock)
        {
            if (_isGone || !_isHeld) return;
            if (Session.Suspension is { } suspension)
            {
                if (!suspension.HasEnded) return;
                Session.Suspension = null;
                var before = Context.Reply.Length;
                suspension.WriteReply(Context.Reply);
                if (Session.ReplyMode == ReplyMode.Off) Context.Reply.Truncate(before);
            }

            Volatile.Write(ref _isHeld, false);
            Context.Stats = _server.Stats.Own;
            Session.LastInteraction = Math.Max(Session.LastInteraction, _server.NowMilliseconds);
            Process(mayUseSmall: false);
        }
    }

    private void Leave()
    {
        if (_isGone) return;
        _isGone = true;
        _isClosing = true;
        _transport.Close();
        _input.Clear();
        _arguments.Trim();
        _server.Clients.Remove(this);
        Session.Transaction = null;
        _server.Watches.RemoveAll(Session);
        if (Session.Suspension is { } suspension)
        {
            Session.Suspension = null;
            if (suspension.TryEndSilently() || suspension.HasEnded) suspension.WriteReply(Context.Reply);
        }

        Context.Reply.Clear();
        _output.Abandon();
        _owner?.OnClosed();
    }
}
