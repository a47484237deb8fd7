namespace Starling.Slots.Values;

/// <summary>Takes what belongs to the digest of a value.</summary>
public interface IContentDigest
{
    /// <summary>Mixes in bytes; the order of calls matters.</summary>
    void Mix(ReadOnlySpan<byte> bytes);

    /// <summary>Mixes in bytes; the order among calls of this does not matter.</summary>
    void MixUnordered(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Begins an element of several pieces: the <see cref="Mix"/> calls up to <see cref="EndElement"/> belong to it. The
    /// order among elements does not matter.
    /// </summary>
    void BeginElement();

    /// <summary>Mixes in the element that was begun.</summary>
    void EndElement();
}
