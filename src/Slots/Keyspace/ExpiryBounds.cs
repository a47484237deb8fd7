namespace Starling.Slots.Keyspace;

/// <summary>
/// For each slot of a database a time before which no key of it expires, in milliseconds of Unix time. Written under the
/// slot's stripe, read without: who looks for expired keys asks of all slots ten times a second, and most have none.
/// </summary>
internal sealed class ExpiryBounds
{
    /// <summary>
    /// How far each bound is below <see cref="long.MaxValue"/>, so that a new array says that nothing expires and its pages
    /// stay untouched; null until the first key with an expiry.
    /// </summary>
    private long[]? _below;

    /// <summary>The bound of a slot; <see cref="long.MaxValue"/> when no key of it has an expiry.</summary>
    public long this[int slot]
    {
        get => Volatile.Read(ref _below) is { } below ? long.MaxValue - Volatile.Read(ref below[slot]) : long.MaxValue;
        set
        {
            var below = Volatile.Read(ref _below);
            if (below is null && value == long.MaxValue) return;
            Volatile.Write(ref (below ?? Make())[slot], long.MaxValue - Math.Max(0, value));
        }
    }

    /// <summary>
    /// The first slot from <paramref name="from"/> on in which a key may have expired before <paramref name="now"/>, or -1. No
    /// lock is needed; what it says may be old by the time it is read.
    /// </summary>
    public int NextBefore(int from, long now)
    {
        if (Volatile.Read(ref _below) is not { } below) return -1;
        var least = long.MaxValue - Math.Max(0, now);
        for (var slot = from; slot < below.Length; slot++)
            if (Volatile.Read(ref below[slot]) > least) return slot;
        return -1;
    }

    private long[] Make()
    {
        var made = new long[HashSlot.Count];
        return Interlocked.CompareExchange(ref _below, made, comparand: null) ?? made; // writers hold different stripes
    }
}
