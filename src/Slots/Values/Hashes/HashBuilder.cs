using Starling.Slots.Keyspace;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Hashes;

/// <summary>Makes a hash of fields that come from outside.</summary>
internal ref struct HashBuilder
{
    private const long LargestSearched = 128;

    private readonly ValueMemory _memory;
    private readonly ValueOptions _options;
    private ValueRoot _root;

    /// <summary>Makes a builder without fields.</summary>
    public HashBuilder(in ValueMemory memory, ValueOptions options)
    {
        _memory = memory;
        _options = options;
    }

    /// <summary>The hash so far.</summary>
    public readonly ValueRoot Root => _root;

    /// <summary>No field has come.</summary>
    public readonly unsafe bool IsEmpty => _root.Address == null;

    /// <summary>Adds a field; false when it is there already, which no hash can have.</summary>
    /// <param name="field">The field.</param>
    /// <param name="value">Its value.</param>
    /// <param name="expiresAt">Its expiry, or <see cref="Entry.NoExpiry"/>.</param>
    public bool TryAdd(scoped ReadOnlySpan<byte> field, scoped ReadOnlySpan<byte> value, long expiresAt)
    {
        if (!IsEmpty) return new HashEditor(_memory, _options, ref _root).Set(field, value, expiresAt);
        _root = HashEditor.Make(_memory, _options, field, value, expiresAt, 0);
        return true;
    }

    /// <summary>Takes a sound listpack of that encoding, if it is the first that comes and no field is in it twice.
    /// </summary>
    /// <returns>False when a field is in it twice.</returns>
    public unsafe bool TryTake(HashEncoding encoding, scoped ReadOnlySpan<byte> listpack)
    {
        Invariant.That(IsEmpty);
        _root = HashPack.MakeOf(_memory, encoding, listpack, 0);
        if (encoding == HashEncoding.ExpiringPack) HashPack.Recount(ref _root);
        var count = HashPack.Count(_root);
        if (count > LargestSearched || new HashLimits(_options).ForbidCount(count)) return HasDistinctFields(count);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        for (var at = HashPack.First(_root); at < HashPack.End(_root); at = HashPack.Next(_root, at))
        {
            if (HashPack.Find(_root, Listpack.Read(at).Text(scratch)) != at) return false;
        }

        return true;
    }

    /// <summary>Frees what there is.</summary>
    public void Discard()
    {
        if (!IsEmpty) HashRoot.Free(_memory, _root);
        _root = default;
    }

    /// <summary>By a table, which is what the hash stays if it is too large for a listpack.</summary>
    private unsafe bool HasDistinctFields(long count)
    {
        var table = ElementTable.Make(_memory);
        Span<byte> fieldScratch = stackalloc byte[ListElement.ScratchLength];
        Span<byte> valueScratch = stackalloc byte[ListElement.ScratchLength];
        var isDistinct = true;
        foreach (var entry in new HashEntries(_root, 0))
        {
            isDistinct &= ElementTable.Set(
                _memory, table, entry.Field.Text(fieldScratch), entry.Value.Text(valueScratch), entry.ExpiresAt);
        }

        if (isDistinct && new HashLimits(_options).ForbidCount(count))
        {
            HashRoot.Free(_memory, _root);
            _root = HashRoot.OfTable(table);
        }
        else
        {
            ElementStorage.Free(_memory, table);
        }

        return isDistinct;
    }
}
