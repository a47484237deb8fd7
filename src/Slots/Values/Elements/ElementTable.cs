using System.Runtime.InteropServices;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Elements;

/// <summary>
/// The hash table of a large collection's elements: the table that the keyspace uses for a slot (<see cref="SlotTable"/>),
/// so it grows and shrinks without ever moving more than some thousand references at once. Finding, adding, replacing
/// and removing take constant time.
/// <para>
/// A value holds the address of this head (128 bytes at most) in its <see cref="ValueRoot"/> or in a block of its own.
/// Reading needs the head alone; who changes it passes the <see cref="ValueMemory"/> that
/// <see cref="ValueAccess.BeginChange"/> gave, by which snapshots with views of the value (<see cref="FrozenElements"/>)
/// get what they need before anything changes. Names and values that are passed in must not alias elements of the table,
/// except the name of an element that is removed. What concerns the memory as a whole is in <see cref="ElementStorage"/>,
/// expiry in <see cref="ElementExpiry"/>.
/// </para>
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ElementTable
{
    /// <summary>The root of the tree of buckets.</summary>
    public TableNode Root;

    /// <summary>The hash of names; the keyspace's.</summary>
    public KeyHash Hash;

    /// <summary>Native bytes of all elements, rounding included, their places in the table not.</summary>
    public long ElementBytes;

    /// <summary>Where <see cref="ElementStorage.Relocate"/> goes on.</summary>
    public ulong MovedTo;

    /// <summary>
    /// Everything from here on is freed; 0 before the first call of <see cref="ElementStorage.FreeSome"/>.
    /// </summary>
    public ulong FreedFrom;

    /// <summary>Number of elements with an expiry.</summary>
    public long Expiring;

    /// <summary>Makes an empty table.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="expected">How many elements will come at once, about: up to some thousand the table has room for.</param>
    public static ElementTable* Make(in ValueMemory memory, long expected = 0)
    {
        var table = (ElementTable*)memory.Allocate(sizeof(ElementTable));
        *table = new ElementTable { Hash = memory.Hash };
        if (expected > 0) TableShape.Reserve(memory.ForTable(table->Hash), &table->Root, expected);
        return table;
    }

    /// <summary>Number of elements.</summary>
    public static long Count(ElementTable* table) => table->Root.Count;

    /// <summary>The element of a name, or the default value. Expired ones are found as well.</summary>
    public static Element Find(ElementTable* table, ReadOnlySpan<byte> name)
    {
        var cell = SlotTable.Find(&table->Root, table->Hash.Of(name), name);
        return cell == null ? default : new Element(SlotTable.Address(*cell));
    }

    /// <summary>
    /// True when there is an element of the name that a walk through another table of the same hash stands on. What that
    /// table says of the hash is mostly enough.
    /// </summary>
    public static bool Contains(ElementTable* table, scoped in ElementSequence other)
    {
        var hash = other.KnownHash;
        var place = SlotTable.Locate(&table->Root, hash);
        var name = other.Current.Name;
        return place.Offset + SlotTable.WindowBits <= other.KnownBits
            ? SlotTable.FindIn(place, hash, name) != null
            : Find(table, name).IsPresent;
    }

    /// <summary>Adds an element whose name is known not to be there.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="table">The table.</param>
    /// <param name="name">The name.</param>
    /// <param name="value">The value; empty in a set.</param>
    /// <param name="expiresAt">Expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</param>
    public static Element Add(
        in ValueMemory memory,
        ElementTable* table,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value,
        long expiresAt = Entry.NoExpiry) => Insert(memory, table, table->Hash.Of(name), name, value, expiresAt);

    /// <summary>Adds an element unless there is one of that name, which stays as it is.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="table">The table.</param>
    /// <param name="name">The name.</param>
    /// <param name="value">The value of a new element, which has no expiry.</param>
    /// <param name="element">The element that was there or was added.</param>
    /// <returns>True when it was added.</returns>
    public static bool TryAdd(
        in ValueMemory memory,
        ElementTable* table,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value,
        out Element element)
    {
        var hash = table->Hash.Of(name);
        var cell = SlotTable.Find(&table->Root, hash, name);
        element = cell == null
            ? Insert(memory, table, hash, name, value, Entry.NoExpiry)
            : new Element(SlotTable.Address(*cell));
        return cell == null;
    }

    /// <summary>Adds an element or gives the one of that name another value and expiry.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="table">The table.</param>
    /// <param name="name">The name.</param>
    /// <param name="value">The value.</param>
    /// <param name="expiresAt">Expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</param>
    /// <returns>True when it was added.</returns>
    public static bool Set(
        in ValueMemory memory,
        ElementTable* table,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value,
        long expiresAt = Entry.NoExpiry)
    {
        var hash = table->Hash.Of(name);
        var cell = SlotTable.Find(&table->Root, hash, name);
        if (cell == null)
        {
            Insert(memory, table, hash, name, value, expiresAt);
            return true;
        }

        memory.BeforeElement(hash);
        Replace(memory, table, hash, cell, value, expiresAt);
        return false;
    }

    /// <summary>
    /// Gives an element another value and keeps its expiry. A value of the same length stays in the same block, so the
    /// score of a sorted set's element never moves it.
    /// </summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="table">The table.</param>
    /// <param name="element">An element of the table; dead afterwards.</param>
    /// <param name="value">The value.</param>
    /// <returns>The element with its new value.</returns>
    public static Element Replace(
        in ValueMemory memory, ElementTable* table, in Element element, ReadOnlySpan<byte> value)
    {
        var block = element.Block;
        var expiresAt = element.ExpiresAt;
        if (memory.Frozen == null && StringBlock.TryOverwrite(block, value, expiresAt)) return element;
        var name = element.Name;
        var hash = table->Hash.Of(name);
        memory.BeforeElement(hash);
        return Replace(memory, table, hash, Cell(table, hash, name), value, expiresAt);
    }

    /// <summary>
    /// Sets or removes (<see cref="Entry.NoExpiry"/>) an element's expiry; the element is dead afterwards.
    /// </summary>
    public static void SetExpiry(in ValueMemory memory, ElementTable* table, in Element element, long expiresAt)
    {
        var name = element.Name;
        var old = element.Block;
        var hash = table->Hash.Of(name);
        memory.BeforeElement(hash);
        var had = EntryBlock.Has(old, EntryBlock.HasExpiry);
        if (!had && expiresAt == Entry.NoExpiry) return;
        if (had && expiresAt != Entry.NoExpiry)
        {
            EntryBlock.SetExpiry(old, expiresAt);
            ElementExpiry.Lower(table, hash, expiresAt);
            return;
        }

        var cell = Cell(table, hash, name);
        var nodes = memory.ForTable(table->Hash);
        var changed = EntryBlock.Rename(nodes.Heap, nodes.Selector, old, name, expiresAt);
        SlotTable.Redirect(&table->Root, table->Hash, cell, changed);
        Forget(table, old);
        EntryBlock.FreeWithoutValue(nodes.Heap, old);
        Remember(table, hash, changed);
    }

    /// <summary>Removes the element of a name, which may be that element's own; false when there is none.</summary>
    public static bool Remove(in ValueMemory memory, ElementTable* table, ReadOnlySpan<byte> name)
    {
        var hash = table->Hash.Of(name);
        var cell = SlotTable.Find(&table->Root, hash, name);
        if (cell == null) return false;
        memory.BeforeElement(hash);
        var nodes = memory.ForTable(table->Hash);
        var block = SlotTable.Address(*cell);
        SlotTable.Remove(nodes, &table->Root, hash, cell);
        Forget(table, block);
        EntryBlock.Free(nodes.Heap, block);
        return true;
    }

    /// <summary>
    /// The element of a number, 0 to <see cref="Count"/> - 1, in no particular order: a random number gives each with the
    /// same chance. Takes some tens of steps.
    /// </summary>
    public static Element Pick(ElementTable* table, long number)
    {
        Invariant.That(number >= 0 && number < Count(table));
        return new Element(TableScan.Pick(&table->Root, (uint)number));
    }

    /// <summary>
    /// Hands out some elements (a few, perhaps none) with Redis's guarantee: an element that is there from the first call
    /// to the last is met at least once, however the table grows or shrinks in between.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="cursor">0 to start, else what the last call returned; any value is safe. Below 2^48.</param>
    /// <param name="receiver">Gets each element; must not change the table.</param>
    /// <returns>The cursor to go on with, 0 when all is done.</returns>
    public static ulong Scan<TReceiver>(ElementTable* table, ulong cursor, ref TReceiver receiver)
        where TReceiver : IElementReceiver
    {
        var adapter = new Adapter<TReceiver>(ref receiver);
        var next = TableScan.VisitSome(&table->Root, cursor, ref adapter);
        return next >= TableScan.End ? 0 : next;
    }

    /// <summary>All elements, in no particular order; the table must not change meanwhile.</summary>
    public static ElementSequence All(ElementTable* table) => new(&table->Root);

    private static Element Insert(
        in ValueMemory memory,
        ElementTable* table,
        ulong hash,
        ReadOnlySpan<byte> name,
        ReadOnlySpan<byte> value,
        long expiresAt)
    {
        memory.BeforeElement(hash);
        var nodes = memory.ForTable(table->Hash);
        var block = StringBlock.Make(nodes.Heap, nodes.Selector, name, value, expiresAt, 0);
        SlotTable.Insert(nodes, &table->Root, hash, block);
        Remember(table, hash, block);
        return new Element(block);
    }

    private static Element Replace(
        in ValueMemory memory,
        ElementTable* table,
        ulong hash,
        ulong* cell,
        ReadOnlySpan<byte> value,
        long expiresAt)
    {
        var old = SlotTable.Address(*cell);
        if (StringBlock.TryOverwrite(old, value, expiresAt))
        {
            if (expiresAt != Entry.NoExpiry) ElementExpiry.Lower(table, hash, expiresAt);
            return new Element(old);
        }

        var nodes = memory.ForTable(table->Hash);
        var block = StringBlock.Make(nodes.Heap, nodes.Selector, EntryBlock.Key(old), value, expiresAt, 0);
        SlotTable.Redirect(&table->Root, table->Hash, cell, block);
        Forget(table, old);
        EntryBlock.Free(nodes.Heap, old);
        Remember(table, hash, block);
        return new Element(block);
    }

    private static ulong* Cell(ElementTable* table, ulong hash, ReadOnlySpan<byte> name)
    {
        var cell = SlotTable.Find(&table->Root, hash, name);
        Invariant.That(cell != null);
        return cell;
    }

    /// <summary>Counts a block that came into the table.</summary>
    private static void Remember(ElementTable* table, ulong hash, byte* block)
    {
        table->ElementBytes += new Element(block).AllocatedBytes;
        if (!EntryBlock.Has(block, EntryBlock.HasExpiry)) return;
        table->Expiring++;
        ElementExpiry.Lower(table, hash, EntryBlock.Expiry(block));
    }

    /// <summary>Counts off a block that has left the table and is still there.</summary>
    private static void Forget(ElementTable* table, byte* block)
    {
        table->ElementBytes -= new Element(block).AllocatedBytes;
        if (!EntryBlock.Has(block, EntryBlock.HasExpiry)) return;
        if (--table->Expiring == 0) table->Root.EarliestSecond = 0;
    }

    private readonly ref struct Adapter<TReceiver>(ref TReceiver receiver) : IEntryVisitor
        where TReceiver : IElementReceiver
    {
        private readonly ref TReceiver _receiver = ref receiver;

        public void Visit(in Entry entry) => _receiver.Receive(new Element(entry.Block));
    }
}
