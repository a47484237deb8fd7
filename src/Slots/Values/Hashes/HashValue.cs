using System.Diagnostics.CodeAnalysis;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Hashes;

/// <summary>
/// The hash of a key, or of none: a key that is not there reads as an empty hash, the first field makes it, and the last
/// one takes it away. What was read is dead after any change. Fields that have expired by <see cref="Now"/> are not seen
/// by what reads or sets single fields and by <see cref="Entries"/>; <see cref="Count"/> and <see cref="Pick"/> see them
/// until they are removed.
/// </summary>
public unsafe ref struct HashValue : IValue<HashValue>
{
    private ValueAccess _access;
    private int _reserved;

    private HashValue(scoped in ValueAccess access) => _access = access;

    static ValueKind IValue<HashValue>.Kind => ValueKind.Hash;

    /// <summary>The key is there; if not, the hash has no field.</summary>
    public readonly bool Exists => _access.Exists;

    /// <summary>Number of fields, expired ones that were not removed included.</summary>
    public readonly long Count => Exists ? HashRoot.Count(Root) : 0;

    /// <summary>
    /// Milliseconds of Unix time: fields whose expiry is before that are as if they were not there. 0 to see every field.
    /// </summary>
    public long Now { get; set; }

    /// <summary>
    /// When the next field can be expired at the earliest, in milliseconds of Unix time, rounded up to a second;
    /// <see cref="long.MaxValue"/> when none expires.
    /// </summary>
    public readonly long EarliestExpiry => Exists ? HashRoot.EarliestExpiry(Root) : long.MaxValue;

    /// <summary>Number of fields that have not expired by <see cref="Now"/>.</summary>
    public readonly long LiveCount
    {
        get
        {
            if (Now == 0 || EarliestExpiry - 1000 >= Now) return Count;
            var count = 0L;
            foreach (var entry in Entries) count++;
            return count;
        }
    }

    /// <summary>The fields that have not expired, in no particular order.</summary>
    public readonly HashEntries Entries => Exists ? new HashEntries(Root, Now) : default;

    /// <summary>The hash is a listpack: it is small, and its fields can be gone through one by one.</summary>
    public readonly bool IsPacked => Exists && !HashRoot.IsTable(Root);

    private readonly ValueRoot Root => HashRoot.Of(_access.View);

    static HashValue IValue<HashValue>.Open(scoped in ValueAccess access) => new(access);

    /// <summary>Bytes that a field or a value takes in a listpack, for <see cref="Reserve"/>.</summary>
    public static long PackedBytes(scoped ReadOnlySpan<byte> text) => Listpack.EntryLength(text);

    /// <summary>
    /// Announces fields that will be set, so that a hash that is made gets its room at once; they need not come.
    /// </summary>
    /// <param name="bytes">The sum of <see cref="PackedBytes"/>.</param>
    public void Reserve(long bytes) => _reserved = (int)Math.Min(bytes, 1 << 16);

    /// <summary>The value of a field; false when it is not there.</summary>
    public readonly bool TryGet(scoped ReadOnlySpan<byte> field, out ListElement value) =>
        TryGet(field, out value, out _);

    /// <summary>The value of a field and its expiry; false when it is not there.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value.</param>
    /// <param name="expiresAt">Milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</param>
    public readonly bool TryGet(scoped ReadOnlySpan<byte> field, out ListElement value, out long expiresAt)
    {
        value = default;
        expiresAt = Entry.NoExpiry;
        if (!Exists) return false;
        var root = Root;
        if (HashRoot.IsTable(root))
        {
            var element = ElementTable.Find(HashRoot.Table(root), field);
            if (!element.IsPresent) return false;
            expiresAt = element.ExpiresAt;
            value = new ListElement(element.Value);
        }
        else
        {
            var at = HashPack.Find(root, field);
            if (at == null) return false;
            expiresAt = HashPack.ExpiryOf(root, at);
            value = Listpack.Read(HashPack.ValueOf(at));
        }

        return !HasExpired(expiresAt);
    }

    /// <summary>Sets a field; a field that has expired counts as one that is not there.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value; does not lie in this hash.</param>
    /// <param name="expiresAt">The field's expiry from now on, or <see cref="Entry.NoExpiry"/>.</param>
    /// <returns>True when the field was not there.</returns>
    public bool Set(
        scoped ReadOnlySpan<byte> field, scoped ReadOnlySpan<byte> value, long expiresAt = Entry.NoExpiry)
    {
        if (!Exists)
        {
            if (TryCreateInline(field, value, expiresAt)) return true;
            var root = HashEditor.Make(_access.Memory, _access.Options, field, value, expiresAt, _reserved);
            _access.Create(ValueKind.Hash, root);
            NoteExpiry(expiresAt);
            return true;
        }

        var wasExpired = EarliestExpiry != long.MaxValue && Now != 0
            && !TryGet(field, out _, out var before) && HasExpired(before);
        if (_access.IsInline)
        {
            if (expiresAt == Entry.NoExpiry
                && InlinePack.TrySet(ref _access, field, value, new HashLimits(_access.Options), out var isNew)) return isNew;
            InlinePack.MoveOut(ref _access);
        }

        var added = Edit().Set(field, value, expiresAt);
        _access.EndChange();
        NoteExpiry(expiresAt);
        return added || wasExpired;
    }

    /// <summary>The fields that <see cref="Reserve"/> announced are there: the hash takes no more room than it needs.
    /// </summary>
    public void Settle()
    {
        if (_reserved == 0 || !Exists || _access.IsInline) return;
        _access.MoveIn();
    }

    /// <summary>Sets or removes (<see cref="Entry.NoExpiry"/>) the expiry of a field that is there.</summary>
    public void SetExpiry(scoped ReadOnlySpan<byte> field, long expiresAt)
    {
        if (_access.IsInline)
        {
            if (expiresAt == Entry.NoExpiry) return;
            InlinePack.MoveOut(ref _access);
        }

        Edit().SetExpiry(field, expiresAt);
        _access.EndChange();
        NoteExpiry(expiresAt);
    }

    /// <summary>
    /// Removes a field, expired or not; with the last one goes the key. False when it is not there.
    /// </summary>
    public bool Remove(scoped ReadOnlySpan<byte> field)
    {
        if (!Exists) return false;
        if (_access.IsInline)
        {
            if (!InlinePack.TryRemove(ref _access, field)) return false;
        }
        else
        {
            if (!Edit().Remove(field)) return false;
            _access.EndChange();
        }

        if (Count == 0) _access.Delete();
        return true;
    }

    /// <summary>A field by its number, 0 to <see cref="Count"/> - 1, in no particular order.</summary>
    public readonly HashEntry Pick(long number)
    {
        Invariant.That(number >= 0 && number < Count);
        var root = Root;
        if (HashRoot.IsTable(root)) return new HashEntry(ElementTable.Pick(HashRoot.Table(root), number));
        var at = HashPack.First(root);
        for (; number > 0; number--) at = HashPack.Next(root, at);
        return new HashEntry(root, at);
    }

    /// <summary>
    /// Visits some fields of a table with Redis's SCAN guarantee, expired ones included; of a listpack all.
    /// </summary>
    /// <param name="cursor">0 to start, else what the last call returned; any value is safe.</param>
    /// <param name="visitor">Gets each field; must not change the hash.</param>
    /// <returns>The cursor to go on with, 0 when all is done; below 2^48.</returns>
    public readonly ulong Scan<TVisitor>(ulong cursor, ref TVisitor visitor)
        where TVisitor : IHashVisitor
    {
        if (!Exists) return 0;
        if (HashRoot.IsTable(Root))
        {
            var receiver = new Receiver<TVisitor> { Visitor = visitor };
            var next = ElementTable.Scan(HashRoot.Table(Root), cursor, ref receiver);
            visitor = receiver.Visitor;
            return next;
        }

        foreach (var entry in new HashEntries(Root, 0)) visitor.Visit(entry);
        return 0;
    }

    /// <summary>
    /// Finds fields that have expired by a time, up to a second late; the caller removes all of them before it asks
    /// again. Bounded work.
    /// </summary>
    /// <param name="now">Milliseconds of Unix time.</param>
    /// <param name="most">How many fields to find at most.</param>
    /// <param name="fields">Gets copies of them.</param>
    /// <returns>True when there may be more.</returns>
    public bool FindExpired(long now, int most, List<byte[]> fields)
    {
        if (EarliestExpiry > now) return false;
        ref var root = ref _access.BeginChange(out _);
        if (HashRoot.IsTable(root))
        {
            Span<Element> expired = stackalloc Element[Math.Min(most, 128)];
            var more = ElementExpiry.Find(HashRoot.Table(root), now, expired, out var count);
            foreach (var element in expired[..count]) fields.Add(element.Name.ToArray());
            _access.EndChange();
            return more;
        }

        var earliest = 0u;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var entry in new HashEntries(root, 0))
        {
            if (entry.ExpiresAt == Entry.NoExpiry) continue;
            if (entry.HasExpired(now) && fields.Count < most) fields.Add(entry.Field.Text(scratch).ToArray());
            else earliest = TableNode.Earlier(earliest, TableNode.SecondOf(entry.ExpiresAt));
        }

        HashRoot.SetEarliestSecond(ref root, earliest);
        _access.EndChange();
        return EarliestExpiry <= now;
    }

    private bool TryCreateInline(
        scoped ReadOnlySpan<byte> field, scoped ReadOnlySpan<byte> value, long expiresAt)
    {
        var limits = new HashLimits(_access.Options);
        if (_reserved > 0 || expiresAt != Entry.NoExpiry || limits.ForbidCount(1)
            || limits.ForbidLength(field.Length) || limits.ForbidLength(value.Length)
            || field.Length + value.Length > InlinePack.LongestBytes / 2) return false;
        InlinePack.Create(ref _access, field, value);
        return true;
    }

    private readonly bool HasExpired(long expiresAt) => Now != 0 && expiresAt != Entry.NoExpiry && Now > expiresAt;

    private readonly void NoteExpiry(long expiresAt)
    {
        if (expiresAt != Entry.NoExpiry) _access.NoteElementExpiry(expiresAt);
    }

    [UnscopedRef]
    private HashEditor Edit()
    {
        ref var root = ref _access.BeginChange(out var memory);
        return new HashEditor(memory, _access.Options, ref root);
    }

    private struct Receiver<TVisitor> : IElementReceiver
        where TVisitor : IHashVisitor
    {
        public TVisitor Visitor;

        public void Receive(in Element element) => Visitor.Visit(new HashEntry(element));
    }
}
