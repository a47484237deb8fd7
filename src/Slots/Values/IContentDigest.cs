namespace Starling.Slots.Values;

/// <summary>Takes what belongs to the digest of a value.</summary>
public interface IContentDigest
{
    /// <summary>Mixes in bytes; the order of calls matters.</summary>
    void Mix(ReadOnlySpan<byte> bytes);
}
