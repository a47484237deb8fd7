using System.Buffers;

namespace Starling.Resp;

/// <summary>
/// Writes replies in RESP2 or RESP3 into a byte buffer. Types that RESP2 lacks are written as Redis writes them to RESP2 clients (a map
/// as a flat array, null as a null bulk string, a double as a bulk string).
/// </summary>
public sealed class RespWriter : IBufferWriter<byte>
{
    /// <summary>2 or 3.</summary>
    public int Protocol { get; set; } = 2;

    /// <summary>Bytes written and not yet taken away.</summary>
    public long Length => throw new NotSupportedException();

    /// <summary>A status reply such as "OK", without CR or LF.</summary>
    public void Simple(ReadOnlySpan<byte> text) => throw new NotSupportedException();

    /// <summary>An error reply: the whole text with its code ("ERR syntax error"), without the leading '-'. CR and LF become spaces.</summary>
    public void Error(ReadOnlySpan<byte> text) => throw new NotSupportedException();

    /// <summary>An error reply from text; for messages that quote the user's input.</summary>
    public void Error(string text) => throw new NotSupportedException();

    /// <summary>An integer reply.</summary>
    public void Integer(long value) => throw new NotSupportedException();

    /// <summary>A bulk string.</summary>
    public void Bulk(ReadOnlySpan<byte> value) => throw new NotSupportedException();

    /// <summary>A bulk string of the text in UTF-8.</summary>
    public void Bulk(string value) => throw new NotSupportedException();

    /// <summary>A bulk string of the number's digits.</summary>
    public void BulkInteger(long value) => throw new NotSupportedException();

    /// <summary>Null: <c>$-1</c> or <c>_</c>.</summary>
    public void Null() => throw new NotSupportedException();

    /// <summary>A null array: <c>*-1</c> or <c>_</c>.</summary>
    public void NullArray() => throw new NotSupportedException();

    /// <summary>The head of an array; that many replies follow.</summary>
    public void Array(int count) => throw new NotSupportedException();

    /// <summary>The head of a map of so many pairs; a flat array of twice that in RESP2.</summary>
    public void Map(int pairs) => throw new NotSupportedException();

    /// <summary>The head of a set; an array in RESP2.</summary>
    public void Set(int count) => throw new NotSupportedException();

    /// <summary>The head of an out-of-band push; an array in RESP2.</summary>
    public void Push(int count) => throw new NotSupportedException();

    /// <summary>A double, in Redis's shortest round-trip form; a bulk string in RESP2.</summary>
    public void Double(double value) => throw new NotSupportedException();

    /// <summary>A boolean; 1 or 0 in RESP2.</summary>
    public void Boolean(bool value) => throw new NotSupportedException();

    /// <summary>A verbatim string such as INFO's; a bulk string in RESP2.</summary>
    /// <param name="format">Three characters: txt or mkd.</param>
    /// <param name="value">The text.</param>
    public void Verbatim(ReadOnlySpan<byte> format, ReadOnlySpan<byte> value) => throw new NotSupportedException();

    /// <summary>Bytes that are RESP already.</summary>
    public void Raw(ReadOnlySpan<byte> resp) => throw new NotSupportedException();

    /// <summary>
    /// Starts an array whose count is not known yet. Write the elements, then call <see cref="EndArray"/> with what this returned.
    /// </summary>
    public long BeginArray() => throw new NotSupportedException();

    /// <summary>Ends an array begun with <see cref="BeginArray"/>.</summary>
    public void EndArray(long mark, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public void Advance(int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0) => throw new NotSupportedException();

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => throw new NotSupportedException();
}
