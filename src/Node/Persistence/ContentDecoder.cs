using Starling.Slots.Values;

namespace Starling.Node.Persistence;

/// <summary>Reads the content of one value from bytes that are all here.</summary>
public sealed class ContentDecoder : IContentReader
{
    private readonly RdbInput _input;
    private readonly RdbStringDecoder _strings;

    internal ContentDecoder(byte[] content)
    {
        _input = new RdbInput(content);
        _strings = new RdbStringDecoder(_input);
    }

    /// <summary>True when every byte was read.</summary>
    public bool IsAtEnd => _input.Buffered.IsEmpty;

    /// <inheritdoc/>
    public bool TryNumber(out ulong value) => _input.TryLength(out value);

    /// <inheritdoc/>
    public bool TryText(out ReadOnlySpan<byte> text)
    {
        var read = _strings.TryReadValue();
        text = read ? _strings.Value : default;
        return read;
    }

    /// <inheritdoc/>
    public bool TryRaw(Span<byte> bytes) => _input.TryBytes(bytes);
}
