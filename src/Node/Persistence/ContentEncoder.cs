using System.Buffers;
using Starling.Slots.Values;

namespace Starling.Node.Persistence;

/// <summary>
/// Encodes the content of one value as RDB files and DUMP payloads hold it, counts its bytes and sums them up. One
/// instance serves one thread at a time.
/// </summary>
internal sealed class ContentEncoder : IContentWriter
{
    private readonly RdbStringEncoder _strings = new();
    private IBufferWriter<byte>? _output;
    private bool _compression;

    /// <summary>Bytes since <see cref="Begin"/>.</summary>
    public long Length { get; private set; }

    /// <summary>Their CRC64, when there is an output.</summary>
    public ulong Checksum { get; private set; }

    /// <summary>Starts anew.</summary>
    /// <param name="output">Gets the bytes; null when they are only to be counted.</param>
    /// <param name="compression">Compresses texts that get shorter by it.</param>
    public void Begin(IBufferWriter<byte>? output, bool compression)
    {
        _output = output;
        _compression = compression;
        Length = 0;
        Checksum = 0;
    }

    /// <summary>Ends: lets go of the output and of what a long text needed.</summary>
    public void End()
    {
        _output = null;
        _strings.Trim();
    }

    /// <inheritdoc/>
    public void Number(ulong value)
    {
        Span<byte> bytes = stackalloc byte[9];
        Raw(bytes[..RdbStringEncoder.WriteLength(bytes, value)]);
    }

    /// <inheritdoc/>
    public void Text(ReadOnlySpan<byte> text)
    {
        Span<byte> head = stackalloc byte[RdbStringEncoder.MaximumHead];
        var body = _strings.Encode(text, _compression, head, out var headLength);
        Raw(head[..headLength]);
        Raw(body);
    }

    /// <inheritdoc/>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (_output is null) return;
        Checksum = Crc64.Append(Checksum, bytes);
        _output.Write(bytes);
    }
}
