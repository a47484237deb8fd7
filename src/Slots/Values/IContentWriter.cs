namespace Starling.Slots.Values;

/// <summary>Takes the content of a value, piece by piece in the order of its <see cref="ContentForm"/>.</summary>
public interface IContentWriter
{
    /// <summary>The next piece is a number.</summary>
    void Number(ulong value);

    /// <summary>The next piece is a text; it is valid during the call only.</summary>
    void Text(ReadOnlySpan<byte> text);
}
