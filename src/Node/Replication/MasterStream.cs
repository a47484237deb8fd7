using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Replication;

/// <summary>
/// Executes the master's stream, command after command, and copies it to the log. A command, or a transaction as a
/// whole, is executed and its bytes are appended under the same stripes, so that a snapshot stands for an offset
/// exactly. What is executed is decided under those stripes too: after a role change, which takes every stripe, nothing
/// of a former master's stream has any effect.
/// </summary>
internal sealed class MasterStream
{
    private const long NotAsked = -1;

    private readonly NodeServer _server;
    private readonly ReplicationLog _log;
    private readonly ILogger _logger;
    private readonly Func<bool> _isCurrent;
    private readonly Action<long> _acknowledge;
    private readonly PseudoClient _client;
    private readonly RequestReader _reader;
    private readonly ArgumentList _arguments = new();
    private readonly CommandKeys _keys;
    private int _scanned;
    private bool _inTransaction;
    private bool _takesAll;
    private long _askedAt = NotAsked;

    /// <summary>Makes the executor of one connection's stream.</summary>
    /// <param name="server">The server.</param>
    /// <param name="database">The database that is selected in the stream.</param>
    /// <param name="isCurrent">False once the link has been given up; asked under stripes.</param>
    /// <param name="acknowledge">Sends an offset to the master that asked for it; called with no lock held.</param>
    /// <param name="logger">The log.</param>
    public MasterStream(
        NodeServer server,
        int database,
        Func<bool> isCurrent,
        Action<long> acknowledge,
        ILogger logger)
    {
        _server = server;
        _log = server.Replication.Log;
        _logger = logger;
        _isCurrent = isCurrent;
        _acknowledge = acknowledge;
        _client = new PseudoClient(server, ClientOrigin.Master);
        _client.Session.DatabaseIndex = database;
        _keys = new CommandKeys(server.Keyspace);
        _reader = new RequestReader { MaxBulkLength = int.MaxValue / 2 };
    }

    /// <summary>Clients are paused, and what the master says waits too.</summary>
    public bool IsHeld => _server.Clients.MayBePaused && _server.Clients.IsPaused(_server.NowMilliseconds);

    /// <summary>
    /// Executes what is whole among the bytes read and consumes it; a transaction is consumed when its EXEC is there.
    /// While clients are paused nothing is executed, as in Redis.
    /// </summary>
    /// <returns>False when the link has been given up meanwhile.</returns>
    /// <exception cref="FormatException">The bytes are no commands.</exception>
    public bool Execute(MasterConnection connection)
    {
        while (!IsHeld)
        {
            var at = connection.Start + _scanned;
            var status = _reader.Read(connection.Buffer, ref at, connection.End, _arguments);
            if (status == RequestStatus.Malformed) throw new FormatException(_reader.Error);
            if (status == RequestStatus.Command) RefuseInline(connection, at);
            if (!_inTransaction)
            {
                if (status == RequestStatus.Incomplete)
                {
                    SkipEmptyLines(connection, at);
                    return true;
                }

                if (ArgumentParser.Is(_arguments[0], "MULTI"u8)) BeginTransaction();
                else if (!ExecuteOne(connection, at)) return false;
                else continue;
            }
            else if (status == RequestStatus.Incomplete)
            {
                _scanned = at - connection.Start;
                return true;
            }
            else if (ArgumentParser.Is(_arguments[0], "EXEC"u8))
            {
                if (!ExecuteTransaction(connection, at)) return false;
                continue;
            }
            else
            {
                Collect();
            }

            _scanned = at - connection.Start;
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

    private void BeginTransaction()
    {
        _inTransaction = true;
        _takesAll = false;
        _keys.Clear();
    }

    private void Collect()
    {
        var command = Find();
        if (command is null) return;
        _keys.Add(command, _arguments);
        _takesAll |= TakesAll(command);
    }

    private Command? Find() => _server.Commands.Find(_arguments);

    private static bool TakesAll(Command command) =>
        command.Locks != LockMode.Keys && (command.Flags & CommandFlags.Write) != 0;

    private StripeScope Lock(bool takesAll)
    {
        if (takesAll) return _server.Keyspace.LockAll();

        // Without a key some stripe is taken all the same: a role change must not come between the check and the
        // append.
        if (_keys.Total == 0) _keys.AddStripe(0);
        return _server.Keyspace.Lock(_keys.Stripes);
    }

    private bool ExecuteOne(MasterConnection connection, int end)
    {
        var start = FirstByte(connection, end);
        _keys.Clear();
        var command = Find();
        if (command is not null) _keys.Add(command, _arguments);
        using (Lock(command is not null && TakesAll(command)))
        {
            if (!_isCurrent()) return false;
            if (IsHeld) return true;
            Run(command);
            Append(connection.Buffer.AsSpan(start, end - start));
        }

        connection.Start = end;
        _scanned = 0;
        AcknowledgeWhenAsked();
        return true;
    }

    private bool ExecuteTransaction(MasterConnection connection, int end)
    {
        var start = FirstByte(connection, end);
        using (Lock(_takesAll))
        {
            if (!_isCurrent()) return false;
            if (IsHeld) return true;
            var at = start;
            while (at < end)
            {
                var status = _reader.Read(connection.Buffer, ref at, end, _arguments);
                if (status != RequestStatus.Command) throw new FormatException(_reader.Error);
                if (ArgumentParser.Is(_arguments[0], "MULTI"u8) || ArgumentParser.Is(_arguments[0], "EXEC"u8)) continue;
                Run(Find());
            }

            Append(connection.Buffer.AsSpan(start, end - start));
        }

        _inTransaction = false;
        connection.Start = end;
        _scanned = 0;
        AcknowledgeWhenAsked();
        return true;
    }

    /// <summary>Sending may wait for the master to read: not while a stripe is held.</summary>
    private void AcknowledgeWhenAsked()
    {
        if (_askedAt == NotAsked) return;
        var offset = _askedAt;
        _askedAt = NotAsked;
        _acknowledge(offset);
    }

    /// <summary>Where the stream's bytes begin, after empty lines.</summary>
    private static int FirstByte(MasterConnection connection, int end)
    {
        var start = connection.Start;
        while (start < end && connection.Buffer[start] is (byte)'\n' or (byte)'\r') start++;
        return start;
    }

    private void Run(Command? command)
    {
        if (command is not null && ArgumentParser.Is(_arguments[0], "REPLCONF"u8))
        {
            // The offset before this command is what Redis acknowledges here.
            if (_arguments.Count > 1 && ArgumentParser.Is(_arguments[1], "GETACK"u8)) _askedAt = _log.Offset;
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

    private void Append(ReadOnlySpan<byte> bytes) => _log.AppendStream(bytes, _client.Session.DatabaseIndex);

    /// <summary>Encodes REPLCONF ACK.</summary>
    public static int EncodeAcknowledgement(long offset, Span<byte> target)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(offset, digits, out var length);
        Span<byte> count = stackalloc byte[2];
        Utf8Formatter.TryFormat(length, count, out var countLength);
        var at = Copy("*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$"u8, target);
        at += Copy(count[..countLength], target[at..]);
        at += Copy("\r\n"u8, target[at..]);
        at += Copy(digits[..length], target[at..]);
        return at + Copy("\r\n"u8, target[at..]);
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> target)
    {
        text.CopyTo(target);
        return text.Length;
    }
}
