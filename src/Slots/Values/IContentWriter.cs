namespace Starling.Slots.Values;

/// <summary>Takes the content of a value, piece by piece in the order of its <see cref="ContentForm"/>.</summary>
public interface IContentWriter
{
    /// <summary>The next piece is a number.</summary>
    void Number(ulong value);

    /// <summary>The next piece is a text; it is valid during the call only.</summary>
    void Text(ReadOnlySpan<byte> text);

    /// <summary>
    /// The next piece is bytes that stand for themselves, without a length: a binary double, an id. Valid during the
    /// call only.
    /// </summary>
    void Raw(ReadOnlySpan<byte> bytes);
}
