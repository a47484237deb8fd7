using System.Runtime.CompilerServices;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Sets;

/// <summary>
/// A set for reading, or none (the default value), which reads as an empty one. Small and without references, so that a
/// command can keep those of many keys. Valid under the key's stripe until the set is changed.
/// </summary>
public readonly unsafe struct SetView
{
    private readonly ValueRoot _root;

    internal SetView(in ValueRoot root) => _root = root;

    /// <summary>There is a set.</summary>
    public bool Exists => _root.Address != null;

    /// <summary>Number of members.</summary>
    public long Count => Exists ? SetRoot.Count(_root) : 0;

    /// <summary>
    /// What it costs to look for a member, in comparisons: about 1, but in a listpack one for each member.
    /// </summary>
    public long SearchCost => SetRoot.Form(_root) == SetForm.Listpack ? 1 + Count : 1;

    /// <summary>The set is a hash table, not one small block.</summary>
    public bool IsLarge => SetRoot.Form(_root) == SetForm.Table;

    /// <summary>Every member is kept as an integer.</summary>
    public bool IsIntset => Exists && SetRoot.Form(_root) == SetForm.Intset;

    /// <summary>The listpack; null when the set is none.</summary>
    internal byte* ListpackBlock => Exists && SetRoot.Form(_root) == SetForm.Listpack ? _root.Address : null;

    /// <summary>Both are the set of the same key.</summary>
    public bool Is(SetView other) => _root.Address == other._root.Address;

    /// <summary>True for a member.</summary>
    public bool Contains(scoped ReadOnlySpan<byte> member)
    {
        if (!Exists) return false;
        return IsLarge ? Has(member) : Contains(new ListNeedle(member));
    }

    /// <summary>True for a member of this set; the element is of another one.</summary>
    [SkipLocalsInit]
    public bool Contains(scoped in ListElement element)
    {
        if (!element.TryNumber(out var number)) return Contains(element.Text([]));
        if (IsIntset) return Has(number);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        return Contains(element.Text(scratch));
    }

    /// <summary>
    /// True for the member that a walk through another set stands on, of the same keyspace; quicker than to ask for it
    /// by name.
    /// </summary>
    public bool Contains(scoped in SetMembers other) => IsLarge && other.IsTable
        ? ElementTable.Contains(SetRoot.Table(_root), other.Elements)
        : Contains(other.Current);

    /// <summary>As <see cref="Contains(in SetMembers)"/>, for walks that go through integers from the lowest to the highest.</summary>
    /// <param name="other">The walk.</param>
    /// <param name="near">0 at first, then what the last call for this set made of it.</param>
    public bool ContainsNear(scoped in SetMembers other, ref long near) => IsIntset && other.Current.TryNumber(out var number)
        ? Intset.TryFindNear(_root.Address, SetRoot.Width(_root), Count, number, ref near)
        : Contains(other);

    /// <summary>The member of an index, 0 to <see cref="Count"/> - 1, in any order.</summary>
    public ListElement At(long index)
    {
        Invariant.That(index >= 0 && index < Count);
        return SetRoot.Form(_root) switch
        {
            SetForm.Intset => new ListElement(Intset.Read(_root.Address, SetRoot.Width(_root), index)),
            SetForm.Listpack => Listpack.Read(SetListpack.At(_root.Address, index, Count)),
            _ => new ListElement(ElementTable.Pick(SetRoot.Table(_root), index).Name),
        };
    }

    /// <summary>The members one after the other.</summary>
    public SetMembers GetEnumerator() => Exists ? new SetMembers(_root) : default;

    /// <summary>
    /// Visits some members of a large set (a few, perhaps none) with Redis's guarantee: a member that is there from the
    /// first call to the last is visited at least once, however the set grows or shrinks in between.
    /// </summary>
    /// <param name="cursor">0 to start, else what the last call returned; any value is safe.</param>
    /// <param name="visitor">Gets the members; must not change the set.</param>
    /// <returns>The cursor to go on with, 0 when all is done.</returns>
    public ulong Scan(ulong cursor, IElementVisitor visitor)
    {
        Invariant.That(IsLarge);
        var receiver = new Receiver(visitor);
        return ElementTable.Scan(SetRoot.Table(_root), cursor & ((1UL << Keyspace.SlotTable.PositionBits) - 1), ref receiver);
    }

    private bool Contains(scoped in ListNeedle needle) => SetRoot.Form(_root) == SetForm.Intset
        ? needle.IsNumber && Has(needle.Number)
        : SetListpack.Find(_root.Address, needle) != null;

    private bool Has(long number) => Intset.TryFind(_root.Address, SetRoot.Width(_root), Count, number, out _);

    private bool Has(scoped ReadOnlySpan<byte> member) => ElementTable.Find(SetRoot.Table(_root), member).IsPresent;

    private readonly struct Receiver(IElementVisitor visitor) : IElementReceiver
    {
        public void Receive(in Element element) => visitor.Visit(new ListElement(element.Name));
    }
}
