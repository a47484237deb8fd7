using System.Globalization;

namespace Starling.Resp;

/// <summary>
/// Reads replies from bytes that arrive in any pieces: <see cref="Append"/> what came, then <see cref="TryRead"/> until
/// it says no. Keeps its place in a reply that arrived in part. Bytes that are no replies (an RDB payload) can be taken
/// out between replies.
/// </summary>
public sealed class RespReplyReader
{
    private const int MaxDepth = 128;
    private const int MaxLine = 64 * 1024;

    private readonly List<Aggregate> _open = [];
    private readonly long _maxBulkLength;
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private int _scanned;

    /// <summary>Makes a reader.</summary>
    /// <param name="maxBulkLength">Longest bulk string accepted, in bytes.</param>
    public RespReplyReader(long maxBulkLength = 1024L * 1024 * 1024) => _maxBulkLength = maxBulkLength;

    /// <summary>Bytes received that no reply has used yet; aliases the reader until the next call.</summary>
    public ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Adds bytes that arrived.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(GetSpan(bytes.Length));
        _end += bytes.Length;
    }

    /// <summary>Room to receive into; follow with <see cref="Advance"/>.</summary>
    /// <param name="size">Bytes of room wanted at least.</param>
    public Span<byte> GetSpan(int size)
    {
        if (_buffer.Length - _end < size)
        {
            var held = _end - _start;
            var target = held + size <= _buffer.Length / 2
                ? _buffer
                : new byte[Math.Max(4096, Math.Max(held + size, (int)Math.Min(_buffer.Length * 2L, System.Array.MaxLength)))];
            _buffer.AsSpan(_start, held).CopyTo(target);
            _buffer = target;
            _start = 0;
            _end = held;
        }

        return _buffer.AsSpan(_end);
    }

    /// <summary>Says how many bytes were received into <see cref="GetSpan"/>.</summary>
    public void Advance(int count) => _end += count;

    /// <summary>Takes bytes out of <see cref="Buffered"/> that are no reply. Between replies only.</summary>
    public void Skip(int count)
    {
        _start += count;
        _scanned = 0;
    }

    /// <summary>Reads the next reply. Attributes are dropped.</summary>
    /// <returns>False when no whole reply has arrived.</returns>
    /// <exception cref="RespProtocolException">The bytes are no reply.</exception>
    public bool TryRead(out RespReply reply)
    {
        while (TryReadOne(out var item))
        {
            if (item is null) continue; // the head of an aggregate
            while (true)
            {
                if (_open.Count == 0)
                {
                    reply = item;
                    return true;
                }

                var parent = _open[^1];
                if (item.Kind != RespKind.Attribute) parent.Elements.Add(item);
                if (parent.Elements.Count < parent.Count) break;
                _open.RemoveAt(_open.Count - 1);
                if (parent.Kind == RespKind.Attribute) break;
                item = new RespReply(parent.Kind, [], 0, [.. parent.Elements]);
            }
        }

        reply = null!;
        return false;
    }

    /// <summary>A scalar or an empty aggregate, or null when an aggregate was opened.</summary>
    private bool TryReadOne(out RespReply? item)
    {
        item = null;
        if (!TryPeekLine(out var line, out var lineEnd)) return false;
        if (line.Length == 0) throw new RespProtocolException("an empty line where a reply should start");
        var kind = (RespKind)line[0];
        var rest = line[1..];
        switch (kind)
        {
            case RespKind.Simple or RespKind.Error or RespKind.Double or RespKind.BigNumber:
                item = new RespReply(kind, rest.ToArray(), 0, []);
                break;
            case RespKind.Integer:
                item = new RespReply(kind, [], ParseInteger(rest), []);
                break;
            case RespKind.Null:
                item = NullReply();
                break;
            case RespKind.Boolean:
                if (rest.Length != 1 || rest[0] is not ((byte)'t' or (byte)'f'))
                    throw new RespProtocolException("a boolean that is neither t nor f");
                item = new RespReply(kind, [], rest[0] == (byte)'t' ? 1 : 0, []);
                break;
            case RespKind.Bulk or RespKind.BulkError or RespKind.Verbatim:
                return TryReadBulk(kind, ParseInteger(rest), lineEnd, out item);
            case RespKind.Array or RespKind.Map or RespKind.Set or RespKind.Push or RespKind.Attribute:
                item = Open(kind, ParseInteger(rest));
                break;
            default:
                throw new RespProtocolException(string.Create(
                    CultureInfo.InvariantCulture, $"unknown reply type byte 0x{line[0]:x2}"));
        }

        Consume(lineEnd);
        return true;
    }

    private bool TryReadBulk(RespKind kind, long length, int lineEnd, out RespReply? item)
    {
        item = null;
        if (length == -1 && kind == RespKind.Bulk)
        {
            item = NullReply();
            Consume(lineEnd);
            return true;
        }

        if (length < 0 || length > _maxBulkLength) throw new RespProtocolException("a bulk string of impossible length");
        if (_end - lineEnd < length + 2) return false;
        var bytes = _buffer.AsSpan(lineEnd, (int)length);
        if (kind == RespKind.Verbatim && length >= 4) bytes = bytes[4..];
        item = new RespReply(kind, bytes.ToArray(), 0, []);
        Consume(lineEnd + (int)length + 2);
        return true;
    }

    private RespReply? Open(RespKind kind, long count)
    {
        if (count == -1 && kind == RespKind.Array) return NullReply();
        if (count is < 0 or > int.MaxValue / 2) throw new RespProtocolException("an aggregate of impossible length");
        if (kind is RespKind.Map or RespKind.Attribute) count *= 2;
        if (count == 0) return kind == RespKind.Attribute ? null : new RespReply(kind, [], 0, []);
        if (_open.Count == MaxDepth) throw new RespProtocolException("aggregates nested too deeply");
        _open.Add(new Aggregate(kind, (int)count));
        return null;
    }

    private bool TryPeekLine(out ReadOnlySpan<byte> line, out int lineEnd)
    {
        line = default;
        lineEnd = 0;
        var from = _start + _scanned;
        var found = _buffer.AsSpan(from, _end - from).IndexOf((byte)'\n');
        if (found < 0)
        {
            _scanned = _end - _start;
            if (_scanned > MaxLine) throw new RespProtocolException("a line without end");
            return false;
        }

        lineEnd = from + found + 1;
        _scanned = lineEnd - 1 - _start; // found at once when the bulk behind it is still to come
        line = _buffer.AsSpan(_start, lineEnd - 1 - _start);
        if (line.Length > 0 && line[^1] == (byte)'\r') line = line[..^1];
        return true;
    }

    private void Consume(int upTo)
    {
        _start = upTo;
        _scanned = 0;
        if (_start == _end) _start = _end = 0;
    }

    private static RespReply NullReply() => new(RespKind.Null, [], 0, []);

    private static long ParseInteger(ReadOnlySpan<byte> text) =>
        RespNumber.TryParse(text, out var value) ? value : throw new RespProtocolException("a length that is no number");

    private readonly record struct Aggregate(RespKind Kind, int Count)
    {
        public List<RespReply> Elements { get; } = [];
    }
}
