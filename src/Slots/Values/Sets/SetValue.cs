using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Sets;

/// <summary>
/// The set of a key, or of none: a key that is not there reads as an empty set, the first member makes it, and the last
/// one takes it away. Members that were read are dead after any change.
/// </summary>
public ref struct SetValue : IValue<SetValue>
{
    private ValueAccess _access;
    private long _expected;

    private SetValue(scoped in ValueAccess access) => _access = access;

    static ValueKind IValue<SetValue>.Kind => ValueKind.Set;

    /// <summary>The key is there; if not, the set has no member.</summary>
    public readonly bool Exists => _access.Exists;

    /// <summary>Number of members.</summary>
    public readonly long Count => View.Count;

    /// <summary>The set for reading.</summary>
    public readonly SetView View => Exists ? new SetView(_access.Root) : default;

    static SetValue IValue<SetValue>.Open(scoped in ValueAccess access) => new(access);

    /// <summary>
    /// So many members will be added at once, some of them perhaps there already: as in Redis 7.2, a set that might
    /// outgrow its form by that gets the larger one first.
    /// </summary>
    public void Expect(long members)
    {
        _expected = members;
        if (!Exists) return;
        var edit = Edit();
        edit.Expect(members);
        _access.EndChange();
    }

    /// <summary>Adds a member, which does not lie in this set; false when it is one.</summary>
    public bool Add(scoped ReadOnlySpan<byte> member)
    {
        if (!Exists)
        {
            _access.Create(ValueKind.Set, SetEditor.Make(_access.Memory, _access.Options, member, _expected));
            return true;
        }

        var isNew = Edit().Add(member);
        _access.EndChange();
        return isNew;
    }

    /// <summary>Takes a member out; false when it is none. With the last member goes the key.</summary>
    /// <param name="member">The member; may lie in this set.</param>
    public bool Remove(scoped ReadOnlySpan<byte> member)
    {
        if (!Exists) return false;
        if (Count == 1)
        {
            if (!View.Contains(member)) return false;
            _access.Delete();
            return true;
        }

        var wasThere = Edit().Remove(member);
        _access.EndChange();
        return wasThere;
    }

    /// <summary>Takes all members out, and so the key.</summary>
    public void Clear()
    {
        if (Exists) _access.Delete();
    }

    private SetEditor Edit()
    {
        ref var root = ref _access.BeginChange(out var memory);
        return new SetEditor(memory, _access.Options, ref root);
    }
}
