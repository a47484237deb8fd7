using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>
/// The way from a value to its entry: what the values of <c>Values/</c> need of the keyspace, so that they need not
/// know it.
/// </summary>
public unsafe ref struct ValueAccess
{
    private readonly Database _database;
    private readonly IEmptiedKeys? _emptied;

    // The key in its parts: a processor waits when it is to read as a whole what was just written in parts.
    private readonly ReadOnlySpan<byte> _keyBytes;
    private readonly ulong _keyHash;
    private readonly ushort _slot;
    private readonly uint _accessClock;
    private byte* _entry;
    private bool _isSaved;
    private FrozenValue? _frozen;

    internal ValueAccess(Database database, scoped in Key key, byte* entry, uint accessClock, IEmptiedKeys? emptied)
    {
        _database = database;
        _keyBytes = key.Bytes;
        _keyHash = key.Hash;
        _slot = key.Slot;
        _entry = entry;
        _accessClock = accessClock;
        _emptied = emptied;
    }

    private readonly Key Key => new(_keyBytes, _slot, _keyHash);

    /// <summary>The key is there.</summary>
    internal readonly bool Exists => _entry != null;

    /// <summary>What decides encodings.</summary>
    internal readonly ValueOptions Options => _database.ValueOptions;

    /// <summary>The value; the key must be there.</summary>
    internal readonly ValueView View => EntryBlock.View(_entry);

    /// <summary>The root for reading; the key must be there and its value have one.</summary>
    internal readonly ref readonly ValueRoot Root => ref *EntryBlock.Root(_entry);

    /// <summary>Where the blocks of a value that is made come from.</summary>
    internal readonly ValueMemory Memory => _database.MemoryFor(_slot);

    /// <summary>
    /// The root for changing the value, after every snapshot that needs it as it was has got it. Asked for before each
    /// change.
    /// </summary>
    /// <param name="memory">Where the value's blocks come from during this change.</param>
    internal ref ValueRoot BeginChange(out ValueMemory memory)
    {
        if (!_isSaved) _database.BeforeWrite(Key);
        _isSaved = true;
        _frozen = _database.FindFrozen(_slot, _entry);
        memory = _database.MemoryFor(_slot, _frozen);
        return ref *EntryBlock.Root(_entry);
    }

    /// <summary>The change is done: snapshots that have views of the value are told where it is now.</summary>
    internal readonly void EndChange() => _frozen?.RootChanged(*EntryBlock.Root(_entry));

    /// <summary>An element of the value, whose key is there, has this expiry from now on.</summary>
    internal readonly void NoteElementExpiry(long expiresAt) =>
        _database.NoteElementExpiry(Key, _entry, expiresAt);

    /// <summary>Makes the key, which is not there, with a value that has a root; it has no expiry.</summary>
    internal ref ValueRoot Create(ValueKind kind, in ValueRoot root)
    {
        Invariant.That(_entry == null);
        _entry = _database.Create(Key, kind, root, _accessClock);
        _isSaved = true;
        return ref *EntryBlock.Root(_entry);
    }

    /// <summary>The value lies in the entry; the key must be there.</summary>
    internal readonly bool IsInline => !EntryBlock.Has(_entry, EntryBlock.HasRoot);

    /// <summary>
    /// Makes the key, which is not there, with a value that lies in the entry; it has no expiry. The bytes are undefined.
    /// </summary>
    internal Span<byte> CreateInline(ValueKind kind, int length)
    {
        Invariant.That(_entry == null);
        _entry = _database.CreateInline(Key, kind, length, _accessClock);
        _isSaved = true;
        return EntryBlock.Inline(_entry);
    }

    /// <summary>A value that lies in the entry is about to be changed: every snapshot that needs it as it was gets it.
    /// </summary>
    internal void BeginInlineChange()
    {
        if (!_isSaved) _database.BeforeWrite(Key);
        _isSaved = true;
    }

    /// <summary>
    /// Changes the length of a value that lies in the entry, which may move; the bytes stay as far as they fit, new ones are
    /// undefined. Within a change (<see cref="BeginInlineChange"/>).
    /// </summary>
    internal void ResizeInline(int length) => _entry = _database.ResizeInline(Key, _entry, length);

    /// <summary>Gives a value that lies in the entry a root instead.</summary>
    internal void MoveOut(in ValueRoot root)
    {
        BeginInlineChange();
        _entry = _database.MoveOut(Key, root);
    }

    /// <summary>Lets a value with a root lie in the entry, if it can (<see cref="ValueOperations.InlineOf"/>).</summary>
    internal void MoveIn()
    {
        BeginInlineChange();
        _entry = _database.MoveIn(Key, _entry);
    }

    /// <summary>Deletes the key with what is left of the value.</summary>
    internal void Delete()
    {
        if (_emptied is null) Invariant.That(_database.Remove(Key));
        else _emptied.Delete(_database, Key);
        _entry = null;
    }

    /// <summary>Gives the key a string; an expiry stays.</summary>
    internal void SetString(scoped ReadOnlySpan<byte> value)
    {
        var expiresAt = _entry == null ? Entry.NoExpiry : EntryBlock.Expiry(_entry);
        _entry = _database.MakeString(Key, _entry, value, expiresAt, _accessClock);
    }

    /// <summary>As <see cref="Database.ResizeString"/>; the key must be there.</summary>
    internal Span<byte> ResizeString(int length, int from, int count, bool raw)
    {
        _entry = _database.Resize(Key, _entry, length, from, count, raw);
        return StringBlock.Bytes(_entry);
    }
}
