using System.Buffers;
using System.Net.Sockets;
using Starling.Resp;

namespace Starling.Node.Cluster;

/// <summary>
/// Carries the payloads of one MIGRATE to its target and collects the answers. Blocking; runs on a worker thread, never
/// on an I/O thread.
/// </summary>
internal sealed class MigrateTransfer
{
    /// <summary>What a MIGRATE is answered that finds no way to its target.</summary>
    public const string CannotConnect = "IOERR error or timeout connecting to the client";

    private readonly MigrateOptions _options;
    private readonly MigrateConnectionCache _connections;
    private readonly MigratePayload _restores;
    private readonly bool[] _acknowledged;
    private string? _targetError;
    private string _step = "";

    /// <summary>Makes a transfer.</summary>
    /// <param name="options">Where to and how.</param>
    /// <param name="connections">Idle connections.</param>
    /// <param name="restores">The RESTORE commands, one per key.</param>
    /// <param name="count">Number of keys.</param>
    public MigrateTransfer(
        MigrateOptions options, MigrateConnectionCache connections, MigratePayload restores, int count)
    {
        _options = options;
        _connections = connections;
        _restores = restores;
        _acknowledged = new bool[count];
    }

    /// <summary>The target took the key with this number.</summary>
    public bool IsAcknowledged(int key) => _acknowledged[key];

    /// <summary>
    /// Does it. Returns null, or the error reply's text. A connection that turns out to be dead is replaced once.
    /// </summary>
    /// <param name="now">Milliseconds of Unix time, for the idle connections.</param>
    public string? Run(Func<long> now)
    {
        for (var mayRetry = true; ; mayRetry = false)
        {
            var connection = _connections.Take(_options.Target);
            try
            {
                connection ??= MigrateConnection.Open(_options.Host, _options.Port, _options.Timeout);
            }
            catch (SocketException e)
            {
                // Redis connects in the background, and finds a target that refuses it when it writes.
                return e.SocketErrorCode == SocketError.ConnectionRefused ? Failed("writing") : CannotConnect;
            }

            _step = "writing";
            var answers = 0;
            try
            {
                var error = Exchange(connection, ref answers);
                connection.Database = error is null ? _options.Database : -1;
                _connections.Return(_options.Target, connection, now());
                return error;
            }
            catch (SocketException e)
            {
                connection.Dispose();

                // Once a key was answered, sending again would find keys that are there already (BUSYKEY).
                if (mayRetry && answers == 0 && e.SocketErrorCode != SocketError.TimedOut) continue;
                return _targetError ?? Failed(_step);
            }
        }
    }

    private static string Failed(string step) => $"IOERR error or timeout {step} to target instance";

    /// <summary>
    /// Sends the commands and reads their answers, a part at a time: a target whose answers nobody reads need not read
    /// on either.
    /// </summary>
    private string? Exchange(MigrateConnection connection, ref int answers)
    {
        var select = connection.Database != _options.Database;
        connection.Write(Preamble(select), _options.Timeout);
        string? refused = null;
        var isGreeted = false;
        var unanswered = 0;
        for (var i = 0; i < _restores.Pieces.Count; i++)
        {
            var (bytes, commands) = _restores.Pieces[i];
            _step = "writing";
            connection.Write(bytes.Span, _options.Timeout);
            unanswered += commands;
            if (unanswered == 0) continue;
            _step = "reading";
            if (!isGreeted) refused = ReadGreeting(connection, select);
            isGreeted = true;
            for (; unanswered > 0; unanswered--) ReadAnswer(connection, answers++, refused);
        }

        return _targetError;
    }

    private string? ReadGreeting(MigrateConnection connection, bool select)
    {
        string? refused = null;
        if (_options.Password is not null) refused = ErrorOf(connection.ReadLine(_options.Timeout));
        if (!select) return refused;
        var answer = ErrorOf(connection.ReadLine(_options.Timeout));
        return refused ?? answer;
    }

    private void ReadAnswer(MigrateConnection connection, int key, string? refused)
    {
        var error = ErrorOf(connection.ReadLine(_options.Timeout));
        if ((refused ?? error) is { } reason) _targetError ??= "ERR Target instance replied with error: " + reason;
        else _acknowledged[key] = true;
    }

    private static string? ErrorOf(string line) => line.StartsWith('-') ? line[1..] : null;

    private byte[] Preamble(bool select)
    {
        var output = new ArrayBufferWriter<byte>();
        if (_options.Password is { } password)
        {
            RespEncoder.Array(output, _options.UserName is null ? 2 : 3);
            RespEncoder.Bulk(output, "AUTH"u8);
            if (_options.UserName is { } user) RespEncoder.Bulk(output, user);
            RespEncoder.Bulk(output, password);
        }

        if (select)
        {
            RespEncoder.Array(output, 2);
            RespEncoder.Bulk(output, "SELECT"u8);
            RespEncoder.Bulk(output, _options.Database);
        }

        return output.WrittenSpan.ToArray();
    }
}
