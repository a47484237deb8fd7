using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Starling.Slots;

namespace Starling.Resp;

/// <summary>
/// Writes replies in RESP2 or RESP3 into a byte buffer. Types that RESP2 lacks are written as Redis writes them to
/// RESP2 clients (a map as a flat array, null as a null bulk string, a double as a bulk string). The bytes lie in
/// segments from a pool, of which an empty writer holds none; without a pool the writer keeps one segment.
/// </summary>
public sealed class RespWriter : IBufferWriter<byte>
{
    private const int SegmentLength = BufferPool.SegmentLength;
    private const int HeadLength = 16; // the longest "*2147483647\r\n", rounded up

    private readonly BufferPool? _pool;

    private (byte[] Bytes, int Length)[] _full = [];
    private int _fullCount;
    private long _fullLength;
    private byte[] _current = [];
    private int _used;
    private readonly byte[] _errorCode = new byte[32];
    private int _errorCodeLength;

    /// <summary>Makes an empty writer.</summary>
    /// <param name="pool">Where its segments come from; null to make them as needed.</param>
    public RespWriter(BufferPool? pool = null) => _pool = pool;

    /// <summary>2 or 3.</summary>
    public int Protocol { get; set; } = 2;

    /// <summary>Bytes written and not yet taken away.</summary>
    public long Length => _fullLength + _used;

    /// <summary>
    /// What finds no memory is dropped, instead of an exception: for handlers that must not be stopped in the middle of a change.
    /// </summary>
    public bool MayLose { get; set; }

    /// <summary>Something was dropped: what is here is worth nothing, until <see cref="Clear"/>.</summary>
    public bool IsLost { get; private set; }

    /// <summary>Number of error replies written so far, those taken away included.</summary>
    public long ErrorCount { get; private set; }

    /// <summary>The first word of the last error, such as WRONGTYPE; aliases the writer.</summary>
    public ReadOnlySpan<byte> LastErrorCode => _errorCode.AsSpan(0, _errorCodeLength);

    /// <summary>A status reply such as "OK", without CR or LF.</summary>
    public void Simple(ReadOnlySpan<byte> text)
    {
        var span = GetSpan(text.Length + 3);
        span[0] = (byte)'+';
        text.CopyTo(span[1..]);
        span[text.Length + 1] = (byte)'\r';
        span[text.Length + 2] = (byte)'\n';
        _used += text.Length + 3;
    }

    /// <summary>
    /// An error reply: the whole text with its code ("ERR syntax error"), without the leading '-'. CR and LF become
    /// spaces, and go at its end.
    /// </summary>
    public void Error(ReadOnlySpan<byte> text)
    {
        text = text.TrimEnd("\r\n"u8);
        ErrorCount++;
        var space = text.IndexOf((byte)' ');
        var code = text[..Math.Min(space < 0 ? text.Length : space, _errorCode.Length)];
        code.CopyTo(_errorCode);
        _errorCodeLength = code.Length;
        var span = GetSpan(text.Length + 3);
        span[0] = (byte)'-';
        text.CopyTo(span[1..]);
        var body = span.Slice(1, text.Length);
        body.Replace((byte)'\r', (byte)' ');
        body.Replace((byte)'\n', (byte)' ');
        span[text.Length + 1] = (byte)'\r';
        span[text.Length + 2] = (byte)'\n';
        _used += text.Length + 3;
    }

    /// <summary>
    /// An error reply from text; for messages that quote the user's input. Characters up to U+00FF stand for single
    /// bytes.
    /// </summary>
    public void Error(string text) => Error(Encoding.Latin1.GetBytes(text));

    /// <summary>An integer reply.</summary>
    public void Integer(long value) => Head((byte)':', value);

    /// <summary>A bulk string.</summary>
    public void Bulk(ReadOnlySpan<byte> value)
    {
        if (value.Length + RespEncoder.LongestHead <= _current.Length - _used)
        {
            _used += RespEncoder.WriteBulk(_current.AsSpan(_used), value);
            return;
        }

        Head((byte)'$', value.Length);
        Raw(value);
        Raw("\r\n"u8);
    }

    /// <summary>A bulk string of the text in UTF-8.</summary>
    public void Bulk(string value)
    {
        var length = Encoding.UTF8.GetByteCount(value);
        Head((byte)'$', length);
        var span = GetSpan(length + 2);
        Encoding.UTF8.GetBytes(value, span);
        span[length] = (byte)'\r';
        span[length + 1] = (byte)'\n';
        _used += length + 2;
    }

    /// <summary>A bulk string of the number's digits.</summary>
    public void BulkInteger(long value)
    {
        var span = GetSpan(2 * RespEncoder.LongestHead);
        _used += RespEncoder.WriteBulk(span, value);
    }

    /// <summary>Null: <c>$-1</c> or <c>_</c>.</summary>
    public void Null() => Raw(Protocol == 2 ? "$-1\r\n"u8 : "_\r\n"u8);

    /// <summary>A null array: <c>*-1</c> or <c>_</c>.</summary>
    public void NullArray() => Raw(Protocol == 2 ? "*-1\r\n"u8 : "_\r\n"u8);

    /// <summary>The head of an array; that many replies follow.</summary>
    public void Array(long count) => Head((byte)'*', count);

    /// <summary>The head of a map of so many pairs; a flat array of twice that in RESP2.</summary>
    public void Map(int pairs)
    {
        if (Protocol == 2) Head((byte)'*', pairs * 2L);
        else Head((byte)'%', pairs);
    }

    /// <summary>The head of a set; an array in RESP2.</summary>
    public void Set(int count) => Head(Protocol == 2 ? (byte)'*' : (byte)'~', count);

    /// <summary>The head of an out-of-band push; an array in RESP2.</summary>
    public void Push(int count) => Head(Protocol == 2 ? (byte)'*' : (byte)'>', count);

    /// <summary>A double with 17 significant digits (<see cref="DoubleText"/>); a bulk string in RESP2.</summary>
    public void Double(double value)
    {
        Span<byte> text = stackalloc byte[DoubleText.MaxLength];
        WriteDouble(text[..DoubleText.Format(value, text)]);
    }

    /// <summary>
    /// As <see cref="Double"/>, a number below 10^15 without an exponent (<see cref="DoubleText.FormatPlain"/>).
    /// </summary>
    public void PlainDouble(double value)
    {
        Span<byte> text = stackalloc byte[DoubleText.MaxPlainLength];
        WriteDouble(text[..DoubleText.FormatPlain(value, text)]);
    }

    /// <summary>A boolean; 1 or 0 in RESP2.</summary>
    public void Boolean(bool value)
    {
        if (Protocol == 2) Integer(value ? 1 : 0);
        else Raw(value ? "#t\r\n"u8 : "#f\r\n"u8);
    }

    /// <summary>A verbatim string such as INFO's; a bulk string in RESP2.</summary>
    /// <param name="format">Three characters: txt or mkd.</param>
    /// <param name="value">The text.</param>
    public void Verbatim(ReadOnlySpan<byte> format, ReadOnlySpan<byte> value)
    {
        if (Protocol == 2)
        {
            Bulk(value);
            return;
        }

        Head((byte)'=', value.Length + 4L);
        Raw(format);
        Raw(":"u8);
        Raw(value);
        Raw("\r\n"u8);
    }

    /// <summary>Bytes that are RESP already.</summary>
    public void Raw(ReadOnlySpan<byte> resp)
    {
        // What fits goes to the segment under way; the rest, if long, to segments of the longest size that is pooled.
        var fits = Math.Min(resp.Length, _current.Length - _used);
        if (fits > 0)
        {
            resp[..fits].CopyTo(_current.AsSpan(_used));
            _used += fits;
            resp = resp[fits..];
        }

        while (resp.Length > 0)
        {
            var span = GetSpan(Math.Min(resp.Length, BufferPool.LargeLength));
            var part = Math.Min(resp.Length, span.Length);
            resp[..part].CopyTo(span);
            _used += part;
            resp = resp[part..];
        }
    }

    /// <summary>
    /// Starts an array, set or map whose count is not known yet. Write the elements, then call <see cref="EndArray"/>,
    /// <see cref="EndSet"/> or <see cref="EndMap"/> with what this returned.
    /// </summary>
    public long BeginArray()
    {
        GetSpan(HeadLength);
        var mark = ((long)_fullCount << 32) | (uint)_used;
        _used += HeadLength;
        return mark;
    }

    /// <summary>Ends an array begun with <see cref="BeginArray"/>.</summary>
    public void EndArray(long mark, int count) => End(mark, (byte)'*', count);

    /// <summary>Ends a set begun with <see cref="BeginArray"/>; an array in RESP2.</summary>
    public void EndSet(long mark, int count) => End(mark, Protocol == 2 ? (byte)'*' : (byte)'~', count);

    /// <summary>Ends a map begun with <see cref="BeginArray"/>; an array of twice as many elements in RESP2.</summary>
    public void EndMap(long mark, int pairs)
    {
        if (Protocol == 2) End(mark, (byte)'*', pairs * 2);
        else End(mark, (byte)'%', pairs);
    }

    private void End(long mark, byte type, int count)
    {
        if (IsLost) return;
        var segment = (int)(mark >> 32);
        var at = (int)(uint)mark;
        var inCurrent = segment == _fullCount;
        var bytes = inCurrent ? _current : _full[segment].Bytes;
        var length = inCurrent ? _used : _full[segment].Length;
        Span<byte> head = stackalloc byte[HeadLength];
        var headLength = RespEncoder.WriteHead(head, type, count);
        var gap = HeadLength - headLength;
        bytes.AsSpan(at + HeadLength, length - at - HeadLength).CopyTo(bytes.AsSpan(at + headLength));
        head[..headLength].CopyTo(bytes.AsSpan(at));
        if (inCurrent)
        {
            _used -= gap;
            return;
        }

        _full[segment].Length -= gap;
        _fullLength -= gap;
    }

    /// <summary>Drops what was written beyond a former <see cref="Length"/>.</summary>
    public void Truncate(long length)
    {
        if (IsLost) (_fullLength, _used) = (length, 0);
        while (!IsLost && _fullCount > 0 && _fullLength > length)
        {
            Give(_current);
            (_current, _used) = _full[--_fullCount];
            _full[_fullCount] = default;
            _fullLength -= _used;
        }

        _used = (int)(length - _fullLength);
        if (Length == 0) Clear();
    }

    /// <summary>Drops everything and gives the segments back.</summary>
    public void Clear()
    {
        for (var i = 0; i < _fullCount; i++) Give(_full[i].Bytes);
        System.Array.Clear(_full, 0, _fullCount);
        _fullCount = 0;
        _fullLength = 0;
        _used = 0;
        IsLost = false;
        if (_pool is null && _current.Length == SegmentLength) return;
        Give(_current);
        _current = [];
    }

    /// <summary>Copies everything written to an array.</summary>
    public byte[] ToArray()
    {
        var all = new byte[Length];
        var at = 0;
        for (var i = 0; i < _fullCount; i++)
        {
            _full[i].Bytes.AsSpan(0, _full[i].Length).CopyTo(all.AsSpan(at));
            at += _full[i].Length;
        }

        _current.AsSpan(0, _used).CopyTo(all.AsSpan(at));
        return all;
    }

    /// <summary>
    /// What was written beyond a former <see cref="Length"/>, when it lies in one piece; aliases the writer until it is written to.
    /// </summary>
    public bool TryPeek(long from, out ReadOnlySpan<byte> bytes)
    {
        var isOne = !IsLost && from >= _fullLength;
        bytes = isOne ? _current.AsSpan((int)(from - _fullLength), (int)(Length - from)) : default;
        return isOne;
    }

    /// <summary>How many segments <see cref="MoveTo"/> hands over.</summary>
    public int SegmentCount => _fullCount + (_used > 0 ? 1 : 0);

    /// <summary>
    /// Hands the segments over, in order: the receiver returns each <c>byte[]</c> to the writer's pool. The writer is
    /// empty afterwards.
    /// </summary>
    public void MoveTo<TReceiver>(TReceiver receiver)
        where TReceiver : IRespSegmentReceiver, allows ref struct
    {
        for (var i = 0; i < _fullCount; i++)
        {
            receiver.Take(_full[i].Bytes, _full[i].Length);
            _full[i] = default;
        }

        _fullCount = 0;
        _fullLength = 0;
        if (_used > 0) receiver.Take(_current, _used);
        else Give(_current);
        _current = [];
        _used = 0;
    }

    /// <summary>
    /// An empty writer of the same protocol whose segments this one can take over with <see cref="Append"/>.
    /// </summary>
    public RespWriter MakeSibling() => new(_pool) { Protocol = Protocol, MayLose = MayLose };

    /// <summary>
    /// Adds everything that a sibling holds, without copying it; the sibling is empty afterwards. For replies whose end is
    /// known before their beginning, and which may be longer than an array.
    /// </summary>
    public void Append(RespWriter sibling)
    {
        Invariant.That(sibling._pool == _pool);
        if (IsLost || sibling.IsLost)
        {
            IsLost = true;
            _fullLength += sibling.Length;
            sibling.Clear();
            return;
        }

        if (sibling._fullCount == 0)
        {
            Raw(sibling._current.AsSpan(0, sibling._used));
            sibling.Clear();
            return;
        }

        if (_used > 0) AddFull(_current, _used);
        else if (_current.Length > 0) Give(_current);
        for (var i = 0; i < sibling._fullCount; i++) AddFull(sibling._full[i].Bytes, sibling._full[i].Length);
        (_current, _used) = (sibling._current, sibling._used);
        System.Array.Clear(sibling._full, 0, sibling._fullCount);
        (sibling._fullCount, sibling._fullLength, sibling._current, sibling._used) = (0, 0, [], 0);
    }

    /// <summary>
    /// Takes the segment away when there is just one, the usual case. The caller returns it to the writer's pool.
    /// </summary>
    public bool TryTakeSingle(out byte[] bytes, out int length)
    {
        bytes = _current;
        length = _used;
        if (_fullCount > 0 || _used == 0) return false;
        _current = [];
        _used = 0;
        return true;
    }

    /// <inheritdoc/>
    public void Advance(int count) => _used += count;

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Ensure(sizeHint);
        return _current.AsMemory(_used);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        if (_current.Length - _used < Math.Max(sizeHint, 1)) Ensure(sizeHint);
        return _current.AsSpan(_used);
    }

    private void WriteDouble(ReadOnlySpan<byte> text)
    {
        if (Protocol == 2)
        {
            Bulk(text);
            return;
        }

        Raw(","u8);
        Raw(text);
        Raw("\r\n"u8);
    }

    private void Head(byte type, long value)
    {
        var span = GetSpan(RespEncoder.LongestHead);
        _used += RespEncoder.WriteHead(span, type, value);
    }

    private byte[] Take(int least) =>
        _pool is null ? new byte[least] : _pool.Rent(least, isFirst: _fullCount == 0 && _current.Length == 0);

    private void Give(byte[] bytes) => _pool?.Return(bytes);

    private void AddFull(byte[] bytes, int length)
    {
        if (_fullCount == _full.Length) System.Array.Resize(ref _full, Math.Max(4, _fullCount * 2));
        _full[_fullCount++] = (bytes, length);
        _fullLength += length;
    }

    private void Ensure(int sizeHint)
    {
        var size = Math.Max(sizeHint, 1);
        if (_current.Length - _used >= size) return;
        if (IsLost || !TryGrow(size)) Lose(size);
    }

    /// <summary>False when there is no memory and what was written may be lost.</summary>
    private bool TryGrow(int size)
    {
        byte[] next;
        try
        {
            next = Take(Math.Max(size, SegmentLength)); // first, since a segment must not be given back twice
            if (_used > 0) AddFull(_current, _used);
        }
        catch (OutOfMemoryException) when (MayLose)
        {
            return false;
        }

        if (_used == 0 && _current.Length > 0) Give(_current);
        _current = next;
        _used = 0;
        return true;
    }

    /// <summary>Drops the segment under way. The length goes on as if it were there, so that marks stay in their order.</summary>
    private void Lose(int size)
    {
        IsLost = true;
        _fullLength += _used;
        _used = 0;
        if (_current.Length < size) _current = new byte[size];
    }
}
