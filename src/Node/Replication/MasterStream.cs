using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Replication;

/// <summary>
/// Executes the master's stream, command after command, and copies it to the log. A command, or a transaction as a
/// whole, is executed and its bytes are appended under the same stripes, so that a snapshot stands for an offset
/// exactly. What is executed is decided under those stripes too: after a role change, which takes every stripe, nothing
/// of a former master's stream has any effect.
/// </summary>
internal sealed class MasterStream : IStreamGuard
{
    private const int ReadAheadEvery = 128 * 1024; // bytes executed

    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly PersistenceService _persistence;
    private readonly ReplicationLog _log;
    private readonly ILogger _logger;
    private readonly Func<bool> _isCurrent;
    private readonly Action<long> _acknowledge;
    private readonly PseudoClient _client;
    private readonly RequestReader _reader;
    private readonly ArgumentList _arguments = new();
    private ReadOnlyMemory<byte> _bytes; // of the command or transaction under way
    private int _scanned;
    private bool _isGivenUp;
    private bool _isHeldBack;

    /// <summary>Makes the executor of one connection's stream.</summary>
    /// <param name="service">The replication service.</param>
    /// <param name="database">The database that is selected in the stream.</param>
    /// <param name="isCurrent">False once the link has been given up; asked under stripes.</param>
    /// <param name="acknowledge">Sends an offset to the master that asked for it; called with no lock held.</param>
    /// <param name="logger">The log.</param>
    public MasterStream(
        ReplicationService service,
        int database,
        Func<bool> isCurrent,
        Action<long> acknowledge,
        ILogger logger)
    {
        _basics = service.Basics;
        _executor = service.Executor;
        _persistence = service.Persistence;
        _log = service.Log;
        _logger = logger;
        _isCurrent = isCurrent;
        _acknowledge = acknowledge;
        _client = _executor.NewClient(ClientOrigin.Master);
        _client.Guard = this;
        _client.Session.DatabaseIndex = database;
        _reader = new RequestReader { MaxBulkLength = int.MaxValue / 2 };
    }

    /// <summary>
    /// The last <see cref="Execute"/> stopped before the end of what was there: clients are paused, or were then, or a
    /// data set is being loaded, and what the master says waits too.
    /// </summary>
    public bool HasStoppedHeld { get; private set; }

    // While its node loads its own file anew (DEBUG RELOAD) the stream waits as clients' commands would.
    private bool IsHeld =>
        (_basics.Clients.MayBePaused && _basics.Clients.IsPaused(_basics.NowMilliseconds)) || _persistence.IsLoading;

    bool IStreamGuard.IsAdmitted => !_isGivenUp && !_isHeldBack;

    private bool IsInTransaction => _client.Session.Transaction is not null;

    bool IStreamGuard.Admit()
    {
        _isGivenUp = !_isCurrent();
        _isHeldBack = !_isGivenUp && IsHeld;
        return !_isGivenUp && !_isHeldBack;
    }

    void IStreamGuard.Append() => _log.AppendStream(_bytes.Span, _client.Session.DatabaseIndex);

    /// <summary>
    /// Executes what is whole among the bytes read and consumes it; a transaction is consumed when its EXEC is there.
    /// While clients are paused nothing is executed, as in Redis.
    /// </summary>
    /// <returns>False when the link has been given up meanwhile.</returns>
    /// <exception cref="FormatException">The bytes are no commands.</exception>
    public bool Execute(MasterConnection connection)
    {
        var executed = 0;
        HasStoppedHeld = true;
        while (!IsHeld)
        {
            var at = connection.Start + _scanned;
            var status = _reader.Read(connection.Buffer, ref at, connection.End, _arguments);
            if (status == RequestStatus.Malformed) throw new FormatException(_reader.Error);
            if (status == RequestStatus.Incomplete)
            {
                if (IsInTransaction) _scanned = at - connection.Start;
                else SkipEmptyLines(connection, at);
                HasStoppedHeld = false;
                return true;
            }

            RefuseInline(connection, at);
            var start = FirstByte(connection, at);
            _bytes = connection.Buffer.AsMemory(start, at - start);
            Run();
            _bytes = default;
            if (_isGivenUp) return false;
            if (_isHeldBack) return true; // it comes again when the pause is over
            if (IsInTransaction)
            {
                _scanned = at - connection.Start;
                continue;
            }

            executed += at - connection.Start;
            connection.Start = at;
            _scanned = 0;
            if (executed < ReadAheadEvery) continue;
            executed = 0;
            connection.ReadAhead();
        }

        return true;
    }

    // A master's stream has no inline commands: what looks like one is a stream that has lost its place.
    private void RefuseInline(MasterConnection connection, int end)
    {
        var at = connection.Start + _scanned;
        while (at < end && connection.Buffer[at] is (byte)'\n' or (byte)'\r') at++;
        if (at < end && connection.Buffer[at] != (byte)'*') throw new FormatException("inline command");
    }

    // Empty lines are signs of life, outside of the stream: they count for no offset and are not passed on.
    private void SkipEmptyLines(MasterConnection connection, int at)
    {
        connection.Start = at;
        _scanned = 0;
    }

    /// <summary>Where the stream's bytes begin, after empty lines.</summary>
    private static int FirstByte(MasterConnection connection, int end)
    {
        var start = connection.Start;
        while (start < end && connection.Buffer[start] is (byte)'\n' or (byte)'\r') start++;
        return start;
    }

    private void Run()
    {
        _isHeldBack = false;
        if (ArgumentParser.Is(_arguments[0], "REPLCONF"u8))
        {
            Answer();
            return;
        }

        var errors = _client.Reply.ErrorCount;
        _client.Execute(_arguments);
        if (_client.Reply.ErrorCount == errors) return;
        MasterLinkMessages.CommandFailed(
            _logger,
            Encoding.Latin1.GetString(_client.Reply.ToArray()).TrimEnd(),
            Encoding.Latin1.GetString(_arguments[0]));
    }

    /// <summary>
    /// REPLCONF GETACK. The offset before this command is what Redis acknowledges here; it is sent when no stripe is held,
    /// since that may wait for the master to read.
    /// </summary>
    private void Answer()
    {
        long offset;
        IStreamGuard guard = this;
        using (_executor.Open(LockPlan.Slot(0)))
        {
            if (!guard.Admit()) return;
            offset = _log.Offset;
            if (!IsInTransaction) guard.Append();
        }

        if (_arguments.Count > 1 && ArgumentParser.Is(_arguments[1], "GETACK"u8)) _acknowledge(offset);
    }

    /// <summary>Encodes REPLCONF ACK.</summary>
    public static int EncodeAcknowledgement(long offset, Span<byte> target)
    {
        var at = RespEncoder.WriteHead(target, (byte)'*', 3);
        at += RespEncoder.WriteBulk(target[at..], "REPLCONF"u8);
        at += RespEncoder.WriteBulk(target[at..], "ACK"u8);
        return at + RespEncoder.WriteBulk(target[at..], offset);
    }
}
