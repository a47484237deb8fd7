using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>Entries of values that lie in the entry itself or come to do so; for strings see <see cref="StringBlock"/>.</summary>
internal static unsafe class InlineBlock
{
    /// <summary>Makes an entry of a value that was made of content: it lies in the entry if it can.</summary>
    public static byte* Make(TableSet tables, in Key key, in LoadedValue value, long expiresAt, uint accessClock)
    {
        var operations = ValueKinds.Of(value.Kind);
        var root = value.Root;
        var like = (ulong)value.Kind | (ulong)(accessClock << 8);
        var inline = value.HasRoot ? operations.InlineOf(root) : value.Inline;
        if (value.HasRoot && inline.IsEmpty) like |= EntryBlock.HasRoot;
        if (value.HasRoot && operations.EarliestElementSecond(root) != 0) like |= EntryBlock.KindFlag;
        var entry = EntryBlock.Make(tables.Heap, key.Slot, key.Bytes, like, expiresAt, inline.Length);
        if ((like & EntryBlock.HasRoot) != 0)
        {
            *EntryBlock.Root(entry) = root;
            return entry;
        }

        inline.CopyTo(EntryBlock.Inline(entry));
        if (value.HasRoot) operations.Free(new ValueMemory(tables.Heap, StripeSet.StripeOf(key.Slot)), ref root);
        return entry;
    }

    /// <summary>Makes an entry anew with an inline value of another length; the bytes stay as far as they fit.</summary>
    public static byte* Resize(TableSet tables, in Key key, ulong* cell, int length)
    {
        var old = SlotTable.Address(*cell);
        var made = EntryBlock.Make(
            tables.Heap, key.Slot, key.Bytes, EntryBlock.Header(old), EntryBlock.Expiry(old), length);
        var bytes = EntryBlock.Inline(old);
        bytes[..Math.Min(bytes.Length, length)].CopyTo(EntryBlock.Inline(made));
        return Replace(tables, key, cell, made);
    }

    /// <summary>Makes an entry anew with a root.</summary>
    public static byte* MoveOut(TableSet tables, in Key key, ulong* cell, in ValueRoot root)
    {
        var old = SlotTable.Address(*cell);
        var like = EntryBlock.Header(old) | EntryBlock.HasRoot;
        var made = EntryBlock.Make(tables.Heap, key.Slot, key.Bytes, like, EntryBlock.Expiry(old), 0);
        *EntryBlock.Root(made) = root;
        return Replace(tables, key, cell, made);
    }

    /// <summary>Makes an entry anew whose value lies in it, and frees what the root leads to, if that can be.</summary>
    public static byte* MoveIn(TableSet tables, in Key key, ulong* cell, byte* entry)
    {
        ref var root = ref *EntryBlock.Root(entry);
        var bytes = EntryBlock.Operations(entry).InlineOf(root);
        if (bytes.IsEmpty || tables.FindFrozen(key.Slot, entry) != null) return entry;
        var like = EntryBlock.Header(entry) & ~EntryBlock.HasRoot;
        var made = EntryBlock.Make(tables.Heap, key.Slot, key.Bytes, like, EntryBlock.Expiry(entry), bytes.Length);
        bytes.CopyTo(EntryBlock.Inline(made));
        EntryBlock.Operations(entry).Free(new ValueMemory(tables.Heap, StripeSet.StripeOf(key.Slot)), ref root);
        return Replace(tables, key, cell, made);
    }

    private static byte* Replace(TableSet tables, in Key key, ulong* cell, byte* made)
    {
        var old = SlotTable.Address(*cell);
        tables.Redirect(key.Slot, cell, made);
        EntryBlock.FreeWithoutValue(tables.Heap, old);
        return made;
    }
}
