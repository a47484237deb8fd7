using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Hashes;

/// <summary>The fields of a hash with their values, for <c>foreach</c>; the hash must not change meanwhile.</summary>
public unsafe ref struct HashEntries
{
    private readonly ValueRoot _root;
    private readonly long _now;
    private ElementSequence _elements;
    private byte* _at;
    private byte* _next;

    /// <summary>Stands before the first field.</summary>
    /// <param name="root">The hash.</param>
    /// <param name="now">Fields that have expired by then are passed over; 0 for none.</param>
    internal HashEntries(scoped in ValueRoot root, long now)
    {
        _root = root;
        _now = HashRoot.EarliestExpiry(root) == long.MaxValue ? 0 : now;
        if (HashRoot.IsTable(root)) _elements = ElementTable.All(HashRoot.Table(root));
        else _next = HashPack.First(root);
    }

    /// <summary>The field and its value; after <see cref="MoveNext"/> has answered true.</summary>
    public readonly HashEntry Current => HashRoot.IsTable(_root)
        ? new HashEntry(_elements.Current)
        : new HashEntry(_root, _at);

    /// <summary>Itself, so that <c>foreach</c> takes it.</summary>
    public readonly HashEntries GetEnumerator() => this;

    /// <summary>Goes to the next field; false when there is none.</summary>
    public bool MoveNext()
    {
        do
        {
            if (_root.Address == null) return false;
            if (HashRoot.IsTable(_root))
            {
                if (!_elements.MoveNext()) return false;
            }
            else
            {
                _at = _next;
                if (_at >= HashPack.End(_root)) return false;
                _next = HashPack.Next(_root, _at);
            }
        }
        while (_now != 0 && Current.HasExpired(_now));
        return true;
    }
}
