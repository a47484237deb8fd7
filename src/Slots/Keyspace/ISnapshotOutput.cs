using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>
/// Gets the keys of a snapshot from <see cref="Snapshot.Deliver"/>: for each key <see cref="BeginEntry"/>, then the
/// content of its value, piece by piece. Called by the saver alone, under no lock: it may block. What it throws passes
/// through and ends the delivery; the snapshot can only be disposed then.
/// </summary>
public interface ISnapshotOutput : IContentWriter
{
    /// <summary>A key follows; the pieces until the next call are its value's.</summary>
    /// <param name="database">The index that the database had when the snapshot started.</param>
    /// <param name="key">The key; valid during the call only.</param>
    /// <param name="expiresAt">Expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</param>
    /// <param name="form">The form of the content that follows.</param>
    void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form);

    /// <summary>
    /// The next piece is a text that comes in parts, since it is long: <see cref="TextPart"/> calls with that many
    /// bytes in all follow.
    /// </summary>
    void BeginText(long length);

    /// <summary>The next bytes of a text that comes in parts; valid during the call only.</summary>
    void TextPart(ReadOnlySpan<byte> bytes);
}
