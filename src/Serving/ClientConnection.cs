using System.Net;
using Starling.Resp;

namespace Starling.Serving;

/// <summary>
/// A connected client. Everything of it happens on its I/O thread: it receives, parses and executes its commands there,
/// keeps their replies until the round ends, and sends them then. Others reach it by <see cref="Push"/>,
/// <see cref="Close"/> and <see cref="Wake"/>, which leave the work to that thread.
/// </summary>
public sealed class ClientConnection : ITransportOwner, IIoTask, IRoundMember, ICommitWaiter
{
    private const int TurnLength = 64 * 1024; // of output, after which it is the others' turn
    private const int TurnBatches = 256;
    private const int MaxQueryLength = 2_000_000_000; // one array holds it

    private readonly ServingParts _serving;
    private readonly IServedClient _client;
    private readonly ITransport _transport;
    private readonly InputBuffer _input;
    private readonly RequestReader _reader = new();
    private ArgumentList _arguments = new(); // of the command read in part
    private readonly ClientOutput _output;
    private readonly OutputMark _mark;
    private readonly Continuation _continuation;
    private HoldTimer? _hold; // of a held command
    private IoTimer? _gateTimer;
    private IConnectionOwner? _owner;
    private long _heldArgumentBytes;
    private long _required; // the offset that this round's replies wait for; 0 for none
    private long _lastRequired;
    private long _waitsFor; // the offset that the oldest of its replies waits for
    private long _history;
    private HoldMarks _holdMarks; // of before the commands under way were dispatched
    private bool _isHeld; // suspended or paused: bytes are kept, not executed
    private bool _isYielded; // it goes on in the next round
    private bool _isInRound;
    private bool _isGone;
    private int _isWoken;
    private volatile bool _mayResume;
    private volatile bool _isClosing;

    internal ClientConnection(ServingParts serving, ITransport transport, bool isUnixSocket)
    {
        _serving = serving;
        _transport = transport;
        Thread = (IoThread)transport.Thread; // clients are served by no other kind
        _input = new InputBuffer(serving.Buffers);
        _mark = new OutputMark(this, serving.Buffers);
        _continuation = new Continuation(this);
        IsUnixSocket = isUnixSocket;
        Reply = new RespWriter(serving.Buffers);
        _output = new ClientOutput(this, transport, serving);
        RemoteAddress = isUnixSocket ? serving.Settings.UnixSocket + ":0" : Describe(transport.RemoteEndPoint);
        LocalAddress = isUnixSocket ? serving.Settings.UnixSocket + ":0" : Describe(transport.LocalEndPoint);
        _client = serving.Host.Open(this);
        Session = _client.Session;
        Session.Connection = this;
        Session.CreatedAt = Session.LastInteraction = serving.NowMilliseconds;
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

    /// <summary>Something was pushed that is not yet in its place among the replies. Any thread; never waits.</summary>
    public bool HasPushes => _output.HasPushes;

    /// <summary>The version of the protocol that is pushed in: that of the replies, as of the last <see cref="SettlePushes"/>.</summary>
    public int PushProtocol => _output.PushProtocol;

    /// <summary>True once it is closed or about to be.</summary>
    public bool IsClosing => _isClosing;

    /// <summary>True while the client waits (blocked or paused).</summary>
    public bool IsHeld => Volatile.Read(ref _isHeld);

    /// <summary>A blocking command of the client waits; a pause or another client's turn does not count.</summary>
    public bool IsBlocked =>
        IsHeld && (_client.IsWaiting
            || (Session.Suspension is not null && Session.LastCommand is { } last && (last.Flags & CommandFlags.Blocking) != 0));

    /// <summary>No command of it is under way. On its thread.</summary>
    public bool IsServedMeanwhile => !_client.IsRunning;

    /// <summary>The I/O thread that it belongs to.</summary>
    public IoThread Thread { get; }

    /// <summary>
    /// The next command of a batch may run: nothing that has run since the turn began holds the client back or ends it. On
    /// its thread.
    /// </summary>
    public bool MayGoOn => Session.Suspension is null && !Session.CloseAfterReply && !_isClosing && !Reply.IsLost;

    /// <summary>Gets the replies of this round. On its thread.</summary>
    internal RespWriter Reply { get; }

    internal ClientOutput Output => _output;

    internal int InputLength => _input.Length;

    internal int InputCapacity => _input.Capacity;

    /// <summary>Bytes of the arguments of the command that runs (seen from its own thread) or is held.</summary>
    internal long ArgumentBytes =>
        IoThread.Current == Thread ? _client.ArgumentBytes : Interlocked.Read(ref _heldArgumentBytes);

    /// <summary>
    /// Takes the connection over for a replication stream: what is pushed from now on comes behind the replies written
    /// so far; counts the client as a replica (other output limits, no idle timeout) and tells <paramref name="owner"/>
    /// when the output has drained and when the connection is gone. Its commands (REPLCONF ACK) still come through the
    /// executor. Called by the handler of PSYNC or SYNC, after it wrote its reply.
    /// </summary>
    public void TakeOver(IConnectionOwner owner)
    {
        Session.Kind = ClientKind.Replica;
        _owner = owner;
        _output.Enqueue(Reply);
    }

    /// <summary>Sends bytes behind everything written or pushed before; closes a client over its output limit. Any thread; never waits.</summary>
    public void Push(ReadOnlySpan<byte> bytes) => _output.Push(bytes);

    /// <summary>
    /// As <see cref="Push(ReadOnlySpan{byte})"/>, bytes that are pushed to others too and must not change any more; nothing once
    /// their source has ended. False when the client speaks another version of the protocol by now. Any thread; never waits.
    /// </summary>
    public bool TryPush(byte[] message, PushSource source, int protocol) => _output.TryPush(message, source, protocol);

    /// <summary>
    /// Puts what was pushed up to now between the replies written so far, whose writes the log has by the offset, and the next
    /// one; what is pushed from now on is in their version of the protocol. On its thread, between two replies.
    /// </summary>
    public void SettlePushes(long written) => _output.Settle(Reply, _serving.Commits.IsOn ? written : 0, Reply.Protocol);

    /// <summary>Sends bytes of the replica stream as far as they fit; see <see cref="ClientOutput.TrySendStream"/>. Any thread.</summary>
    /// <returns>Bytes sent; negative when the connection is closed.</returns>
    public int TrySendStream(ReadOnlySpan<byte> bytes) => _output.TrySendStream(bytes);

    /// <summary>The client's line in CLIENT LIST and the log. Any thread.</summary>
    public string Describe() => _client.Describe();

    /// <summary>Closes at once; what was not sent is lost. Any thread.</summary>
    public void Close()
    {
        _isClosing = true;
        _transport.Close();
    }

    /// <summary>Closes when everything written and pushed so far is sent; nothing more is executed. Any thread.</summary>
    public void CloseAfterReply()
    {
        Session.CloseAfterReply = true;
        _output.CloseWhenDrained();
    }

    void ITransportOwner.OnReady(bool readable, bool writable)
    {
        if (_isGone) return;
        if (writable)
        {
            _output.NoteRoom();
            JoinRound();
        }

        // While it has enough to do, or does not read its replies, nothing more is taken in.
        if (!readable || _isYielded || _mark.IsExceeded) return;
        try
        {
            Receive();
        }
        catch (OutOfMemoryException) when (_client.UnfinishedChange is null)
        {
            CloseForMemory();
        }
    }

    void ITransportOwner.OnClosed() => Leave();

    void IIoTask.Run()
    {
        Interlocked.Exchange(ref _isWoken, 0);
        if (_isGone) return;
        if (_mayResume)
        {
            Resume();
            if (!_isHeld || Session.HeldBy != HoldReason.Keys) _serving.Clients.Line.EndTurn(this);
        }

        JoinRound();
    }

    /// <summary>
    /// The replies of the round leave, and behind them what was pushed. The replica stream has gone before: whoever
    /// reads a reply can rely on the replicas' sockets having its write.
    /// </summary>
    void IRoundMember.EndRound()
    {
        _isInRound = false;
        if (_isGone) return;
        if (_required != 0 && _history != _serving.Commits.History)
        {
            Close(); // the offset belongs to a history that this node has left
            return;
        }

        ClientOutput.State state;
        try
        {
            state = _output.Flush(Reply, _required);
        }
        catch (OutOfMemoryException)
        {
            CloseForMemory();
            return;
        }

        _required = 0;
        if (state != ClientOutput.State.PutOff) OnFlushed(state);
    }

    /// <summary>The replies of the round have left, as far as they may and fit. On its thread.</summary>
    internal void OnFlushed(ClientOutput.State state)
    {
        if (state == ClientOutput.State.WaitsForLog) WaitForLog();
        else if (_gateTimer is { IsScheduled: true } timer) Thread.Cancel(timer);
        var wasExceeded = _mark.IsExceeded;
        _mark.Check(state == ClientOutput.State.Drained ? 0 : _output.PendingBytes);
        if (wasExceeded && !_mark.IsExceeded) Continue();
        _transport.Watch(!_mark.IsExceeded, state == ClientOutput.State.WaitsForRoom);
    }

    internal void Start() => _transport.Start(this);

    /// <summary>Has its thread look for output of it in the next round. Any thread; at any time.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref _isWoken) == 0 && Interlocked.Exchange(ref _isWoken, 1) == 0) Thread.Post(this);
    }

    /// <summary>Goes on with a held client, on its thread. Any thread; at any time.</summary>
    internal void ScheduleResume()
    {
        _mayResume = true;

        // Who finds it woken already must be seen by that wake.
        Interlocked.MemoryBarrier();
        Wake();
    }

    /// <summary>
    /// Goes on with a held client before the next command of anybody on its thread, when that is this thread; otherwise as
    /// <see cref="ScheduleResume"/>. With no lock held.
    /// </summary>
    internal void ResumeSoon()
    {
        if (IoThread.Current != Thread)
        {
            ScheduleResume();
            return;
        }

        _mayResume = true;
        Thread.Hurry(this);
    }

    /// <summary>The client has taken nothing for a while though its mark is exceeded, which therefore has risen.</summary>
    internal void OnMarkRaised()
    {
        if (_isGone) return;
        Continue();
        _transport.Watch(readable: true, writable: true);
    }

    internal void OnOutputDrained() => _owner?.OnDrained();

    internal void OnOutputSent() => _owner?.OnSent();

    private static string Describe(IPEndPoint? endPoint) => endPoint?.ToString() ?? "?:0";

    private void JoinRound()
    {
        if (_isInRound) return;
        _isInRound = true;
        Thread.AddToRound(this);
    }

    /// <summary>Goes on in the next round with what was received already, and with receiving.</summary>
    private void Continue()
    {
        if (_isYielded || _isHeld || _input.Length == 0) return;
        _isYielded = true;
        Thread.Again(_continuation);
    }

    /// <summary>Takes in what came, and executes it.</summary>
    private void Receive()
    {
        if (!_transport.TryReceive(_input.Begin(Thread.ReceiveBuffer), out var received)) return;
        if (received <= 0 || _isClosing)
        {
            Close();
            return;
        }

        _input.Advance(received);
        Session.LastInteraction = _serving.NowMilliseconds;
        var stats = _serving.Stats.Own;
        stats.NetInputBytes += received;
        stats.Reads++;
        if (!CheckQueryLimit()) return;
        if (Session.CloseAfterReply) _input.Clear(); // it was told: whatever it still sends is not for us
        else if (_isHeld) _input.Settle(0);
        else Process(stats);
        CheckQueryLimit();
    }

    private bool CheckQueryLimit()
    {
        // What MULTI has queued is still query, as in Redis 7.2.
        var length = _input.Length + _client.QueuedBytes;
        if (length <= Math.Min(_serving.Settings.ClientQueryBufferLimit, MaxQueryLength)) return true;
        _serving.Stats.CountQueryLimit();
        ServingLog.QueryBufferLimit(_serving.Logger, Describe());
        Close();
        return false;
    }

    /// <summary>Executes the whole commands that are there, until it is the others' turn.</summary>
    private void Process(StatsCell counters)
    {
        _reader.MaxBulkLength = _serving.Settings.ProtoMaxBulkLen;

        // Replies that still wait are of the history in which they were written.
        if (!_serving.Commits.IsOn || (_required == 0 && _output.PendingBytes == 0)) _history = _serving.Commits.History;
        _holdMarks = _serving.Clients.Line.Marks;
        var batch = CommandBatch.Rent(counters, Session.LastInteraction);
        try
        {
            for (var turns = 0; ProcessBatch(batch); turns++)
            {
                if (Reply.Length >= TurnLength || turns == TurnBatches)
                {
                    Continue();
                    break;
                }

                batch.Now = _serving.NowMilliseconds;
            }
        }
        catch (Exception error) when (MayOutlive(error))
        {
            // The one catch of the connection: a handler failed, its locks are released. The client learns it and goes.
            if (error is OutOfMemoryException)
            {
                CloseForMemory();
            }
            else
            {
                ServingLog.HandlerFailed(_serving.Logger, Session.LastCommand?.FullName ?? "?", error);
                Reply.Error("ERR internal error"u8);
                Session.CloseAfterReply = true;
            }
        }

        var written = _client.EndTurn();
        batch.Return();
        try
        {
            _input.Settle(_isHeld ? 0 : _reader.BytesExpected(_input.Start, _input.End));
        }
        catch (OutOfMemoryException)
        {
            CloseForMemory();
        }

        if (written != _lastRequired && _serving.Commits.IsOn) RequireCommit(written);
        JoinRound();
        if (Session.CloseAfterReply) _output.CloseWhenDrained();
    }

    /// <summary>The replies of this round wait until enough replicas have acknowledged its writes.</summary>
    private void RequireCommit(long written)
    {
        _required = _lastRequired = written;
        _serving.Host.RequestAcknowledgements();
    }

    private void WaitForLog()
    {
        var next = _output.NextRequired;
        _gateTimer ??= new IoTimer(new GateTimeout(this, _serving.Logger));
        if (!_gateTimer.IsScheduled || next != _waitsFor)
            Thread.Schedule(_gateTimer, _serving.Settings.ReplTimeout * 1000L);
        _waitsFor = next;
        _serving.Commits.Add(this);
        if (_history != _serving.Commits.History) Close();
        else if (_serving.Commits.HasReached(next)) Wake(); // the gate moved meanwhile
    }

    /// <summary>There is no room for what it sends or is to read (a container's limit, say): that is its own affair.</summary>
    internal void CloseForMemory()
    {
        Close();
        _input.Clear();
        Reply.Clear();
        _serving.Buffers.DropFree();
        ServingLog.OutOfMemory(_serving.Logger, Describe());
    }

    /// <summary>
    /// What the failure of a handler means for the server. A filter: it runs where the exception was thrown, with the
    /// handler's locks still held, so that nobody has seen a change that the replicas will not.
    /// </summary>
    private bool MayOutlive(Exception error)
    {
        if (_client.UnfinishedChange is not { FullName: var command }) return true;
        ServingLog.WriteFailed(_serving.Logger, command, error);
        _serving.Host.Fail($"the handler of {command} failed and may have left half a change", error);
        return true;
    }

    /// <summary>Reads some commands and executes them; false when there are no more for now.</summary>
    private bool ProcessBatch(CommandBatch batch)
    {
        var status = ReadAhead(batch);
        if (batch.Count > 0)
        {
            batch.Stopped = null;
            var outcome = _client.Run(batch);
            if (Reply.IsLost)
            {
                CloseForMemory();
                return false;
            }

            if (batch.Stopped is { } pending)
            {
                Interrupt(pending, outcome);
                return false;
            }
        }

        if (status == RequestStatus.Malformed)
        {
            ServingLog.ProtocolError(_serving.Logger, _reader.Error, Describe());
            var before = Reply.Length;
            Reply.Error(_reader.Error);
            _serving.Stats.CountError(Reply.LastErrorCode);
            if (Session.ReplyMode != ReplyMode.On) Reply.Truncate(before);
            Session.CloseAfterReply = true;
        }

        return status == RequestStatus.Command;
    }

    /// <summary>Reads commands until the batch is full or no whole one is left.</summary>
    private RequestStatus ReadAhead(CommandBatch batch)
    {
        // What comes after AUTH is read by other rules than before; a command that waits was let in already.
        _reader.Unauthenticated = !Session.IsAuthenticated && _serving.Settings.WantsPassword && !_client.IsWaiting;
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
        _input.Start = outcome is DispatchOutcome.Held or DispatchOutcome.Blocked ? pending.Start : pending.End;
        if (outcome == DispatchOutcome.CrossProtocol)
        {
            ServingLog.CrossProtocol(_serving.Logger, Describe());
            Session.CloseAfterReply = true;
        }
        else if (outcome == DispatchOutcome.Held)
        {
            Hold();
            (_hold ??= new HoldTimer(this, _serving)).Begin(_holdMarks);
        }
        else if (outcome == DispatchOutcome.Blocked || Session.Suspension is not null)
        {
            Hold();

            // It may have been woken by its own command, while it was not yet held.
            if (_client.IsWoken) ScheduleResume();
        }
    }

    private void Hold()
    {
        Interlocked.Exchange(ref _heldArgumentBytes, _client.ArgumentBytes);
        Volatile.Write(ref _isHeld, true);
    }

    private void Resume()
    {
        _mayResume = false;
        if (!_isHeld) return;
        if (Session.Suspension is { } suspension)
        {
            if (!suspension.HasEnded) return;
            Session.Suspension = null;
            _lastRequired = -1; // its reply waits for the replicas as the command's own would have
            var (before, errors) = (Reply.Length, Reply.ErrorCount);
            suspension.WriteReply(Reply);
            if (Reply.ErrorCount != errors) _serving.Stats.CountFailure(Session.LastCommand, Reply.LastErrorCode);
            if (Session.MutesSuspended) Reply.Truncate(before);
            Session.MutesSuspended = false;
            _client.EndSuspended();
        }

        _hold?.End();
        _serving.Clients.Line.Unhold(this);
        Interlocked.Exchange(ref _heldArgumentBytes, 0);
        Volatile.Write(ref _isHeld, false);
        Session.HeldBy = HoldReason.None;
        Session.LastInteraction = Math.Max(Session.LastInteraction, _serving.NowMilliseconds);

        // A client that was woken for a key keeps it from others until it has run: that cannot wait for its reading.
        if (!_isYielded && (!_mark.IsExceeded || _client.IsWaiting)) Process(_serving.Stats.Own);
    }

    /// <summary>It is this client's turn again.</summary>
    private void TakeTurn()
    {
        _isYielded = false;
        if (_isGone || _isHeld || _isClosing || Session.CloseAfterReply || _mark.IsExceeded) return;
        Session.LastInteraction = Math.Max(Session.LastInteraction, _serving.NowMilliseconds);
        Process(_serving.Stats.Own);
    }

    private void Leave()
    {
        if (_isGone) return;
        _isGone = true;
        _isClosing = true;
        _mark.Clear();
        _hold?.End();
        if (_gateTimer is not null) Thread.Cancel(_gateTimer);
        _input.Clear();
        _arguments.Trim();
        _serving.Clients.Remove(this);
        if (Session.Suspension is { } suspension)
        {
            Session.Suspension = null;
            if (suspension.TryEndSilently() || suspension.HasEnded) suspension.WriteReply(Reply);
        }

        _client.Leave();
        Reply.Clear();
        _output.Abandon();
        _owner?.OnClosed();
    }

    private sealed class Continuation(ClientConnection connection) : IIoTask
    {
        public void Run() => connection.TakeTurn();
    }
}
