using Starling.Slots.Keyspace;

namespace Starling.Slots.Values;

/// <summary>
/// The list of a key, or of none: a key that is not there reads as an empty list, the first element makes it, and the
/// last one takes it away. Elements that were read are dead after any change.
/// </summary>
public ref struct ListValue : IValue<ListValue>
{
    private ValueAccess _access;

    private ListValue(scoped in ValueAccess access) => _access = access;

    static ValueKind IValue<ListValue>.Kind => ValueKind.List;

    /// <summary>The key is there; if not, the list has no element.</summary>
    public readonly bool Exists => _access.Exists;

    /// <summary>Number of elements.</summary>
    public readonly long Count => Exists ? ListRoot.Count(_access.Root) : 0;

    static ListValue IValue<ListValue>.Open(scoped in ValueAccess access) => new(access);

    /// <summary>The element at an index, 0 to <see cref="Count"/> - 1.</summary>
    public readonly ListElement At(long index)
    {
        Invariant.That(index >= 0 && index < Count);
        return ListTree.ElementAt(_access.Root, index);
    }

    /// <summary>Elements one after the other.</summary>
    /// <param name="index">The first of them.</param>
    /// <param name="count">How many; they are all there.</param>
    /// <param name="backward">Goes towards the head.</param>
    public readonly ListRange Range(long index, long count, bool backward = false)
    {
        if (count == 0) return default;
        Invariant.That(index >= 0 && index < Count && count > 0 && count <= (backward ? index + 1 : Count - index));
        return new ListRange(_access.Root, index, count, backward);
    }

    /// <summary>Adds an element before the first, or behind the last one.</summary>
    public void Push(scoped ReadOnlySpan<byte> element, bool atHead)
    {
        if (Exists)
        {
            Edit().Push(element, atHead);
            _access.EndChange();
            return;
        }

        _access.Create(ValueKind.List, ListEditor.Make(_access.Memory, _access.Options, element));
    }

    /// <summary>Puts an element in the place of another one; the index is 0 to <see cref="Count"/> - 1.</summary>
    public void Set(long index, scoped ReadOnlySpan<byte> element)
    {
        Invariant.That(index >= 0 && index < Count);
        Edit().Set(index, element);
        _access.EndChange();
    }

    /// <summary>Puts an element at an index, 0 to <see cref="Count"/>; the others behind it move on.</summary>
    public void Insert(long index, scoped ReadOnlySpan<byte> element)
    {
        Invariant.That(index >= 0 && index <= Count && Exists);
        Edit().Insert(index, element);
        _access.EndChange();
    }

    /// <summary>Takes out elements that are all there; with the last one goes the key.</summary>
    /// <param name="index">The first of them.</param>
    /// <param name="count">How many.</param>
    public void Remove(long index, long count)
    {
        if (count == 0) return;
        if (count == Count)
        {
            _access.Delete();
            return;
        }

        Edit().Remove(index, count);
        _access.EndChange();
    }

    /// <summary>The index of the first element, from one on, that is equal to a given one; -1 when there is none.
    /// </summary>
    /// <param name="needle">What is looked for.</param>
    /// <param name="from">The first one that is looked at.</param>
    /// <param name="backward">Goes towards the head.</param>
    public readonly long Find(scoped in ListNeedle needle, long from, bool backward = false)
    {
        var count = backward ? from + 1 : Count - from;
        var index = from;
        foreach (var element in Range(from, Math.Max(0, count), backward))
        {
            if (element.Equals(needle)) return index;
            index += backward ? -1 : 1;
        }

        return -1;
    }

    /// <summary>Takes out elements that are equal to a given one; with the last element goes the key.</summary>
    /// <param name="needle">What is looked for; does not lie in this list.</param>
    /// <param name="limit">The most that are taken out.</param>
    /// <param name="backward">The last ones first.</param>
    /// <returns>How many were taken out.</returns>
    public long RemoveEqual(scoped in ListNeedle needle, long limit, bool backward)
    {
        if (!Exists) return 0;
        var first = Find(needle, backward ? Count - 1 : 0, backward);
        if (first < 0) return 0;
        var removed = Edit().RemoveEqual(needle, first, limit, backward);
        _access.EndChange();
        if (Count == 0) _access.Delete();
        return removed;
    }

    private ListEditor Edit()
    {
        ref var root = ref _access.BeginChange(out var memory);
        return new ListEditor(memory, _access.Options, ref root);
    }
}
