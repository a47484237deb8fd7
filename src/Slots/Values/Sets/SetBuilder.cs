using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Sets;

/// <summary>
/// A set that is made beside the keyspace, in native memory: what a command computes before a key gets it
/// (<see cref="Take"/>), or before it is replied and dropped.
/// </summary>
public sealed unsafe class SetBuilder : IDisposable
{
    private readonly ValueMemory _memory;
    private readonly ValueOptions _options;
    private readonly long _expected;
    private ValueRoot _root;

    /// <summary>Begins with an empty set.</summary>
    /// <param name="database">The database that will get it, or whose memory it uses meanwhile.</param>
    /// <param name="slot">The slot of the key that will get it, or any other.</param>
    /// <param name="expected">How many members will come at least: the form is the one for so many.</param>
    public SetBuilder(Database database, int slot, long expected = 0)
        : this(database.MemoryFor(slot), database.ValueOptions, expected)
    {
    }

    internal SetBuilder(in ValueMemory memory, ValueOptions options, long expected)
    {
        _memory = memory;
        _options = options;
        _expected = expected;
    }

    /// <summary>What was built so far; dead after the next member.</summary>
    public SetView View => new(_root);

    /// <summary>Number of members.</summary>
    public long Count => View.Count;

    /// <summary>Adds a member; false when it is one.</summary>
    public bool Add(scoped ReadOnlySpan<byte> member)
    {
        if (_root.Address != null) return new SetEditor(_memory, _options, ref _root).Add(member);
        _root = SetEditor.Make(_memory, _options, member, _expected);
        return true;
    }

    /// <summary>Adds a member of another set; false when it is one of this, too.</summary>
    public bool Add(scoped in ListElement member)
    {
        if (member.TryNumber(out var number) && View.IsIntset)
            return new SetEditor(_memory, _options, ref _root).AddNumber(number);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        return Add(member.Text(scratch));
    }

    /// <summary>The set, for <see cref="Database.Put"/> or <see cref="Database.Discard"/>; it has a member.</summary>
    public LoadedValue Take()
    {
        Invariant.That(_root.Address != null);
        var value = new LoadedValue(ValueKind.Set, _root);
        _root = default;
        return value;
    }

    /// <summary>Frees what nobody has taken.</summary>
    public void Dispose()
    {
        if (_root.Address != null) SetRoot.Free(_memory, _root);
        _root = default;
    }
}
