using Starling.Slots.Keyspace;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Hashes;

/// <summary>Changes a hash, and makes a table of it when it becomes too large for a listpack.</summary>
internal readonly unsafe ref struct HashEditor
{
    private readonly ValueMemory _memory;
    private readonly HashLimits _limits;
    private readonly ref ValueRoot _root;

    /// <summary>Makes an editor of the hash with this root.</summary>
    public HashEditor(scoped in ValueMemory memory, ValueOptions options, ref ValueRoot root)
    {
        _memory = memory;
        _limits = new HashLimits(options);
        _root = ref root;
    }

    /// <summary>Makes a hash of one field.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="options">Decide the encoding.</param>
    /// <param name="field">The field.</param>
    /// <param name="value">Its value.</param>
    /// <param name="expiresAt">Its expiry, or <see cref="Entry.NoExpiry"/>.</param>
    /// <param name="reserved">Bytes of entries of a listpack that will come with it.</param>
    public static ValueRoot Make(
        in ValueMemory memory,
        ValueOptions options,
        ReadOnlySpan<byte> field,
        ReadOnlySpan<byte> value,
        long expiresAt,
        int reserved)
    {
        var encoding = expiresAt == Entry.NoExpiry ? HashEncoding.Pack : HashEncoding.ExpiringPack;
        var limits = new HashLimits(options);
        if (limits.ForbidLength(field.Length) || limits.ForbidLength(value.Length) || limits.ForbidCount(1))
        {
            var table = ElementTable.Make(memory);
            ElementTable.Add(memory, table, field, value, expiresAt);
            return HashRoot.OfTable(table);
        }

        var room = Math.Max(reserved, (int)(Listpack.EntryLength(field) + Listpack.EntryLength(value)));
        var root = HashPack.Make(memory, encoding, room + (encoding == HashEncoding.Pack ? 0 : Listpack.LongestNumber));
        HashPack.Add(memory, ref root, field, value, expiresAt);
        return root;
    }

    /// <summary>Sets a field; true when it was not there.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">The value.</param>
    /// <param name="expiresAt">The field's expiry from now on, or <see cref="Entry.NoExpiry"/>.</param>
    public bool Set(ReadOnlySpan<byte> field, ReadOnlySpan<byte> value, long expiresAt)
    {
        if (!HashRoot.IsTable(_root))
        {
            if (_limits.ForbidLength(field.Length) || _limits.ForbidLength(value.Length)) MakeTable();
            else if (expiresAt != Entry.NoExpiry) MakeExpiring();
        }

        if (HashRoot.IsTable(_root))
            return ElementTable.Set(_memory, HashRoot.Table(_root), field, value, expiresAt);
        var at = HashPack.Find(_root, field);
        if (at == null)
        {
            Add(field, value, expiresAt);
            return true;
        }

        // The limit may have been lowered since the fields came.
        if (_limits.ForbidCount(HashPack.Count(_root))
            || HashPack.Bytes(_root).Length + HashPack.AddedBytes(_root, field, value) > HashPack.LongestBytes)
        {
            MakeTable();
            return ElementTable.Set(_memory, HashRoot.Table(_root), field, value, expiresAt);
        }

        var had = HashPack.ExpiryOf(_root, at);
        var offset = at - _root.Address;
        HashPack.Replace(_memory, ref _root, at, value);
        if (had != expiresAt) HashPack.SetExpiry(_memory, ref _root, _root.Address + offset, expiresAt);
        return false;
    }

    /// <summary>Adds a field that is known not to be there.</summary>
    public void Add(ReadOnlySpan<byte> field, ReadOnlySpan<byte> value, long expiresAt)
    {
        if (!HashRoot.IsTable(_root))
        {
            var isTooMuch = _limits.ForbidLength(field.Length) || _limits.ForbidLength(value.Length)
                || _limits.ForbidCount(HashPack.Count(_root) + 1)
                || HashPack.Bytes(_root).Length + HashPack.AddedBytes(_root, field, value) > HashPack.LongestBytes;
            if (isTooMuch) MakeTable();
            else if (expiresAt != Entry.NoExpiry) MakeExpiring();
        }

        if (HashRoot.IsTable(_root)) ElementTable.Add(_memory, HashRoot.Table(_root), field, value, expiresAt);
        else HashPack.Add(_memory, ref _root, field, value, expiresAt);
    }

    /// <summary>Sets or removes (<see cref="Entry.NoExpiry"/>) the expiry of a field that is there.</summary>
    public void SetExpiry(ReadOnlySpan<byte> field, long expiresAt)
    {
        if (!HashRoot.IsTable(_root))
        {
            if (expiresAt != Entry.NoExpiry) MakeExpiring();
            var at = HashPack.Find(_root, field);
            Invariant.That(at != null);
            if (HashPack.ExpiryOf(_root, at) == expiresAt) return;
            HashPack.SetExpiry(_memory, ref _root, at, expiresAt);
            return;
        }

        var element = ElementTable.Find(HashRoot.Table(_root), field);
        Invariant.That(element.IsPresent);
        ElementTable.SetExpiry(_memory, HashRoot.Table(_root), element, expiresAt);
    }

    /// <summary>Removes a field; false when it is not there. The hash may be empty afterwards.</summary>
    public bool Remove(ReadOnlySpan<byte> field)
    {
        if (HashRoot.IsTable(_root)) return ElementTable.Remove(_memory, HashRoot.Table(_root), field);
        var at = HashPack.Find(_root, field);
        if (at == null) return false;
        HashPack.Remove(_memory, ref _root, at);
        return true;
    }

    /// <summary>Makes a table of a pack.</summary>
    public void MakeTable()
    {
        var table = ElementTable.Make(_memory);
        Span<byte> fieldScratch = stackalloc byte[ListElement.ScratchLength];
        Span<byte> valueScratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var entry in new HashEntries(_root, 0))
        {
            ElementTable.Add(
                _memory, table, entry.Field.Text(fieldScratch), entry.Value.Text(valueScratch), entry.ExpiresAt);
        }

        HashRoot.Free(_memory, _root);
        _root = HashRoot.OfTable(table);
    }

    private void MakeExpiring()
    {
        if (HashRoot.Encoding(_root) == HashEncoding.Pack) HashPack.MakeExpiring(_memory, ref _root);
    }
}
