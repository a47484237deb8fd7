namespace Starling.Slots.Values;

/// <summary>Gives the content of a value, piece by piece in the order of its <see cref="ContentForm"/>.</summary>
public interface IContentReader
{
    /// <summary>Reads a number; false when there is none, or it cannot be read.</summary>
    bool TryNumber(out ulong value);

    /// <summary>
    /// Reads a text, which is valid until the next piece is read; false when there is none, or it cannot be read.
    /// </summary>
    bool TryText(out ReadOnlySpan<byte> text);

    /// <summary>Reads bytes that stand for themselves; false when there are not enough.</summary>
    bool TryRaw(Span<byte> bytes);
}
