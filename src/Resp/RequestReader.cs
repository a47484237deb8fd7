using System.Runtime.CompilerServices;
using System.Text;

namespace Starling.Resp;

/// <summary>
/// Reads commands from a client's bytes, in the multibulk form or inline, as Redis does, errors included. Keeps its
/// place in a command that arrived in part, so that no byte is examined again when more arrive.
/// </summary>
public sealed class RequestReader
{
    /// <summary>Longest line, in bytes, of an inline command or of a count.</summary>
    public const int MaxLineLength = 64 * 1024;

    private const int UnauthenticatedMaxCount = 10;
    private const int UnauthenticatedMaxBulk = 16384;

    private readonly InlineSplitter _inline = new();
    private int _offset; // progress in the command under way, counted from its first byte
    private int _scanned; // no line end between _offset and here
    private int _remaining; // arguments still to come; 0 at the start of a command
    private long _bulkLength = -1;
    private bool _isCanonical; // every line so far ended in CR and LF

    /// <summary>Longest argument in bytes (proto-max-bulk-len).</summary>
    public long MaxBulkLength { get; set; } = 512L * 1024 * 1024;

    /// <summary>The client still has to authenticate: long commands are refused.</summary>
    public bool Unauthenticated { get; set; }

    /// <summary>
    /// What is wrong with the bytes after <see cref="RequestStatus.Malformed"/>: the error reply without the leading
    /// '-'.
    /// </summary>
    public string Error { get; private set; } = "";

    /// <summary>True when a part of a command was read.</summary>
    public bool IsInsideCommand => _remaining > 0;

    /// <summary>
    /// Bytes that the command under way needs at least beyond those read so far, as far as is known; 0 when it is not.
    /// </summary>
    public long BytesExpected(int start, int end) =>
        _bulkLength < 0 ? 0 : Math.Max(0, _offset + _bulkLength + 2 - (end - start));

    /// <summary>Forgets the part of a command that was read.</summary>
    public void Reset()
    {
        _offset = 0;
        _scanned = 0;
        _remaining = 0;
        _bulkLength = -1;
    }

    /// <summary>
    /// Reads the next command. After <see cref="RequestStatus.Incomplete"/> it is called again with at least the same
    /// bytes from
    /// <paramref name="start"/> on; they may have moved, in the buffer or to another one.
    /// </summary>
    /// <param name="buffer">Holds the bytes.</param>
    /// <param name="start">Where the command starts; moved behind it when it is whole, and behind empty lines in any
    /// case.</param>
    /// <param name="end">Where the bytes end.</param>
    /// <param name="arguments">Gets the arguments; keeps those of a command read in part.</param>
    public RequestStatus Read(byte[] buffer, ref int start, int end, ArgumentList arguments)
    {
        arguments.Rebase(buffer, start);
        while (true)
        {
            if (_remaining == 0)
            {
                if (start == end) return RequestStatus.Incomplete;
                if (buffer[start] != (byte)'*')
                {
                    var inline = ReadInline(buffer, ref start, end, arguments);
                    if (inline != RequestStatus.Command || arguments.Count > 0) return inline;
                    continue;
                }

                var head = ReadCount(buffer, start, end);
                if (head != RequestStatus.Command) return head;
                if (_remaining == 0)
                {
                    start += _offset;
                    Reset();
                    continue;
                }

                arguments.Reset(buffer);
                arguments.Rebase(buffer, start);
                _isCanonical = buffer[start + _offset - 1] == (byte)'\n';
            }

            var status = ReadArguments(buffer, start, end, arguments);
            if (status != RequestStatus.Command) return status;
            if (_isCanonical) arguments.MarkWhole(_offset);
            start += _offset;
            Reset();
            return status;
        }
    }

    private RequestStatus ReadCount(byte[] buffer, int start, int end)
    {
        var status = ReadLine(buffer, start, end, "too big mbulk count string", out var line);
        if (status != RequestStatus.Command) return status;
        if (!RespNumber.TryParse(line[1..], out var count) || count > int.MaxValue)
            return Malformed("invalid multibulk length");
        if (Unauthenticated && count > UnauthenticatedMaxCount) return Malformed("unauthenticated multibulk length");
        _remaining = count > 0 ? (int)count : 0;
        return RequestStatus.Command;
    }

    private RequestStatus ReadArguments(byte[] buffer, int start, int end, ArgumentList arguments)
    {
        while (_remaining > 0)
        {
            if (_bulkLength < 0 && !TryReadShortLength(buffer, start, end))
            {
                var status = ReadLength(buffer, start, end);
                if (status != RequestStatus.Command) return status;
            }

            if (end - start - _offset < _bulkLength + 2) return RequestStatus.Incomplete;
            arguments.Add(_offset, (int)_bulkLength);
            _offset += (int)_bulkLength + 2;
            _isCanonical &= buffer[start + _offset - 2] == (byte)'\r' && buffer[start + _offset - 1] == (byte)'\n';
            _scanned = _offset;
            _bulkLength = -1;
            _remaining--;
        }

        return RequestStatus.Command;
    }

    /// <summary>The common case of one or two digits, without the search for the line's end.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryReadShortLength(byte[] buffer, int start, int end)
    {
        var at = start + _offset;
        if (end - at < 5 || buffer[at] != (byte)'$') return false;
        var first = buffer[at + 1] - (uint)'0';
        if (first > 9) return false;
        var second = buffer[at + 2] - (uint)'0';
        if (buffer[at + 2] == (byte)'\r')
        {
            _bulkLength = first;
            _offset += 4;
        }
        else if (second <= 9 && first != 0 && buffer[at + 3] == (byte)'\r')
        {
            _bulkLength = (first * 10) + second;
            _offset += 5;
        }
        else
        {
            return false;
        }

        _isCanonical &= buffer[start + _offset - 1] == (byte)'\n';
        if (_bulkLength <= MaxBulkLength) return true;
        _bulkLength = -1;
        _offset = at - start;
        return false;
    }

    private RequestStatus ReadLength(byte[] buffer, int start, int end)
    {
        var at = start + _offset;
        var status = ReadLine(buffer, start, end, "too big bulk count string", out var line);
        if (status != RequestStatus.Command) return status;
        if (buffer[at] != (byte)'$')
        {
            _offset = at - start;
            return Malformed($"expected '$', got '{(char)buffer[at]}'");
        }

        if (!RespNumber.TryParse(line[1..], out var length) || length < 0 || length > MaxBulkLength)
            return Malformed("invalid bulk length");
        _isCanonical &= buffer[start + _offset - 1] == (byte)'\n';
        if (Unauthenticated && length > UnauthenticatedMaxBulk) return Malformed("unauthenticated bulk length");
        _bulkLength = length;
        return RequestStatus.Command;
    }

    /// <summary>A line that ends with CR and one more byte, which Redis does not look at either.</summary>
    private RequestStatus ReadLine(byte[] buffer, int start, int end, string tooLong, out ReadOnlySpan<byte> line)
    {
        line = default;
        var from = start + _offset;
        var search = start + Math.Max(_offset, _scanned);
        var found = buffer.AsSpan(search, end - search).IndexOf((byte)'\r');
        if (found < 0)
        {
            _scanned = end - start;
            return end - from > MaxLineLength ? Malformed(tooLong) : RequestStatus.Incomplete;
        }

        var carriageReturn = search + found;
        if (carriageReturn + 2 > end)
        {
            _scanned = carriageReturn - start;
            return RequestStatus.Incomplete;
        }

        // A line of nothing at all still has its first byte, the CR itself.
        line = buffer.AsSpan(from, Math.Max(1, carriageReturn - from));
        _offset = carriageReturn + 2 - start;
        _scanned = _offset;
        return RequestStatus.Command;
    }

    private RequestStatus ReadInline(byte[] buffer, ref int start, int end, ArgumentList arguments)
    {
        var search = start + _scanned;
        var found = buffer.AsSpan(search, end - search).IndexOf((byte)'\n');
        if (found < 0)
        {
            _scanned = end - start;
            return _scanned > MaxLineLength ? Malformed("too big inline request") : RequestStatus.Incomplete;
        }

        var line = buffer.AsSpan(start, search + found - start);
        if (line.Length > 0 && line[^1] == (byte)'\r') line = line[..^1];
        if (!_inline.TrySplit(line, arguments)) return Malformed("unbalanced quotes in request");
        start = search + found + 1;
        Reset();
        return RequestStatus.Command;
    }

    private RequestStatus Malformed(string what)
    {
        Error = new StringBuilder("ERR Protocol error: ").Append(what).ToString();
        return RequestStatus.Malformed;
    }
}
