using System.Globalization;
using System.Text;
using Starling.Node.Persistence;

namespace Starling.Node.Replication;

/// <summary>
/// The RDB bytes of a full synchronisation as a stream that ends where they end: after the announced length, or before
/// the end mark, which is known to be complete when the last bytes that came are it (the master sends nothing behind it
/// before it is acknowledged).
/// </summary>
internal sealed class MasterSnapshotStream : ForwardStream
{
    private readonly MasterConnection _connection;
    private readonly TimeSpan _timeout;
    private readonly Action<int> _onRead;
    private readonly byte[]? _mark;
    private long _left;
    private bool _markSeen;

    /// <summary>Makes the stream after the preamble line was read.</summary>
    /// <param name="connection">Where the bytes come from.</param>
    /// <param name="preamble">The line after its '$': the length, or EOF: and the mark.</param>
    /// <param name="timeout">Longest silence.</param>
    /// <param name="onRead">Told how many bytes came.</param>
    /// <exception cref="FormatException">The preamble is neither.</exception>
    public MasterSnapshotStream(MasterConnection connection, string preamble, TimeSpan timeout, Action<int> onRead)
    {
        _connection = connection;
        _timeout = timeout;
        _onRead = onRead;
        if (preamble.StartsWith("EOF:", StringComparison.Ordinal)
            && preamble.Length >= 4 + ReplicationHistory.IdLength)
        {
            _mark = Encoding.Latin1.GetBytes(preamble.Substring(4, ReplicationHistory.IdLength));
            TotalLength = 0;
            _left = long.MaxValue;
            return;
        }

        if (!long.TryParse(preamble, NumberStyles.None, CultureInfo.InvariantCulture, out _left))
            throw new FormatException(preamble);
        TotalLength = _left;
    }

    /// <summary>True when the data ends with a mark.</summary>
    public bool IsStreamed => _mark is not null;

    /// <summary>The announced length; 0 when it ends with a mark.</summary>
    public long TotalLength { get; }

    /// <summary>True when everything was read, the mark included.</summary>
    public bool IsAtEnd => _left == 0;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0) return 0;
        while (true)
        {
            var ready = Ready();
            if (ready > 0)
            {
                var count = Math.Min(ready, buffer.Length);
                _connection.Buffer.AsSpan(_connection.Start, count).CopyTo(buffer);
                _connection.Start += count;
                if (_mark is null) _left -= count;
                return count;
            }

            if (_markSeen)
            {
                _connection.Start += _mark!.Length;
                _markSeen = false;
                _left = 0;
            }

            if (_left == 0) return 0;
            Fill();
        }
    }

    /// <summary>Bytes at hand that surely are data.</summary>
    private int Ready()
    {
        var available = _connection.Available;
        if (_mark is null) return (int)Math.Min(available, _left);
        if (_left == 0) return 0;
        if (available >= _mark.Length && !_markSeen)
        {
            var tail = _connection.Buffer.AsSpan(_connection.End - _mark.Length, _mark.Length);
            _markSeen = tail.SequenceEqual(_mark);
        }

        return Math.Max(0, available - _mark.Length);
    }

    private void Fill()
    {
        var before = _connection.Available;
        if (!_connection.TryFill(_timeout)) throw new IOException("timeout", new TimeoutException());
        _onRead(_connection.Available - before);
    }
}
