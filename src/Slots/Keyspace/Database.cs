namespace Starling.Slots.Keyspace;

/// <summary>
/// One database: a table per slot. Members that take a key want that key's stripe lock held by the caller; others say what they want.
/// Expiry is stored here but judged above: nothing in this class looks at a clock.
/// </summary>
public sealed class Database
{
    internal Database(int index) => Index = index;

    /// <summary>The index by which clients select this database now.</summary>
    public int Index { get; internal set; }

    /// <summary>Number of keys, expired ones that were not deleted yet included. No lock is needed.</summary>
    public long Count => throw new NotSupportedException();

    /// <summary>Number of keys with an expiry. No lock is needed.</summary>
    public long ExpiringCount => throw new NotSupportedException();

    /// <summary>Finds a key, expired or not.</summary>
    public bool TryFind(in Key key, out Entry entry) => throw new NotSupportedException();

    /// <summary>Stamps the access clock of an entry (see <see cref="Entry.AccessClock"/>).</summary>
    public void Touch(in Entry entry, uint accessClock) => throw new NotSupportedException();

    /// <summary>Makes or replaces a key (of any kind) with a string.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; must not alias native memory of this keyspace.</param>
    /// <param name="expiresAt">Expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</param>
    /// <param name="accessClock">The access clock of now.</param>
    public void SetString(in Key key, ReadOnlySpan<byte> value, long expiresAt, uint accessClock) =>
        throw new NotSupportedException();

    /// <summary>
    /// Changes the length of an existing string and returns its bytes to write into; the old bytes stay as far as they fit, new ones
    /// are zero; the expiry stays.
    /// </summary>
    /// <param name="key">An existing key that holds a string.</param>
    /// <param name="length">The new length in bytes.</param>
    /// <param name="raw">What <see cref="Entry.IsRawString"/> answers from now on.</param>
    public Span<byte> ResizeString(in Key key, int length, bool raw) => throw new NotSupportedException();

    /// <summary>Sets or removes (<see cref="Entry.NoExpiry"/>) the expiry; false when there is no such key.</summary>
    public bool SetExpiry(in Key key, long expiresAt) => throw new NotSupportedException();

    /// <summary>Deletes a key; false when there was none.</summary>
    public bool Remove(in Key key) => throw new NotSupportedException();

    /// <summary>
    /// Moves a key with value and expiry to another name or database, replacing what is there. Both keys' stripes are held.
    /// False when there is no such key.
    /// </summary>
    public bool Move(in Key from, Database target, in Key to) => throw new NotSupportedException();

    /// <summary>Copies a key with value and expiry, replacing what is there. Both keys' stripes are held. False when there is no such key.</summary>
    public bool Copy(in Key from, Database target, in Key to) => throw new NotSupportedException();

    /// <summary>Number of keys in a slot. Needs the slot's stripe.</summary>
    public int CountInSlot(int slot) => throw new NotSupportedException();

    /// <summary>Number of keys with an expiry in a slot. Needs the slot's stripe.</summary>
    public int ExpiringCountInSlot(int slot) => throw new NotSupportedException();

    /// <summary>Deletes all keys of a slot and returns how many there were. Needs the slot's stripe.</summary>
    public int ClearSlot(int slot) => throw new NotSupportedException();

    /// <summary>Deletes all keys. Needs every stripe; takes time proportional to the number of slot tables, not of keys.</summary>
    public void Clear() => throw new NotSupportedException();

    /// <summary>
    /// Visits some entries of one slot's table with Redis's SCAN guarantee: an entry that is there from the first call to the last is
    /// visited at least once, however the table grows or shrinks in between. Needs the slot's stripe. The visitor must not change the table.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="cursor">0 to start, else what the last call returned; any value is safe. Below 2^48.</param>
    /// <param name="visitor">Gets each entry.</param>
    /// <returns>The cursor to go on with, 0 when the table is done.</returns>
    public ulong ScanSlot<TVisitor>(int slot, ulong cursor, ref TVisitor visitor)
        where TVisitor : IEntryVisitor, allows ref struct => throw new NotSupportedException();

    /// <summary>
    /// Picks an entry of one slot, each with about the same chance. Needs the slot's stripe. False when the slot is empty.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="random">A random number; the same number and table give the same entry.</param>
    /// <param name="entry">The entry.</param>
    public bool TryPick(int slot, ulong random, out Entry entry) => throw new NotSupportedException();

    /// <summary>
    /// The first slot from <paramref name="from"/> on that holds a key (or, when <paramref name="expiring"/>, a key with an expiry), or -1.
    /// No lock is needed; what it says may be old by the time it is read.
    /// </summary>
    public int NextSlotInUse(int from, bool expiring) => throw new NotSupportedException();
}
