using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Bench.SideBySide;

/// <summary>Takes what a snapshot delivers and keeps nothing.</summary>
internal sealed class DiscardedSnapshot : ISnapshotOutput
{
    /// <summary>Keys so far.</summary>
    public long Keys { get; private set; }

    /// <inheritdoc/>
    public void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form) => Keys++;

    /// <inheritdoc/>
    public void Number(ulong value)
    {
        // Nobody reads it.
    }

    /// <inheritdoc/>
    public void Text(ReadOnlySpan<byte> text)
    {
        // Nobody reads it.
    }

    /// <inheritdoc/>
    public void Raw(ReadOnlySpan<byte> bytes)
    {
        // Nobody reads it.
    }

    /// <inheritdoc/>
    public void BeginText(long length)
    {
        // Nobody reads it.
    }

    /// <inheritdoc/>
    public void TextPart(ReadOnlySpan<byte> bytes)
    {
        // Nobody reads it.
    }
}
