namespace Starling.Slots.Keyspace;

/// <summary>
/// A key with what is computed from it once per command: its slot and its hash. Made by
/// <see cref="Keyspace.Key(ReadOnlySpan{byte})"/>.
/// </summary>
public readonly ref struct Key
{
    internal Key(ReadOnlySpan<byte> bytes, ushort slot, ulong hash)
    {
        Bytes = bytes;
        Slot = slot;
        Hash = hash;
    }

    /// <summary>The key itself; aliases the caller's buffer.</summary>
    public ReadOnlySpan<byte> Bytes { get; }

    /// <summary>The hash slot, 0..16383.</summary>
    public ushort Slot { get; }

    /// <summary>The seeded 64-bit hash that places the key in its slot's table.</summary>
    public ulong Hash { get; }

    /// <summary>Slot and hash, to be kept for <see cref="Keyspace.Key(ReadOnlySpan{byte}, KeyPlace)"/>.</summary>
    public KeyPlace Place => new(Slot, Hash);
}
