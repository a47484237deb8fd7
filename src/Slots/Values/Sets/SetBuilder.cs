using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.Sets;

/// <summary>
/// A set that is made beside the keyspace, in native memory: what a command computes before a key gets it
/// (<see cref="Take"/>), or before it is replied and dropped. While members come one after the other, a small set's block has
/// room for more of them.
/// </summary>
public sealed unsafe class SetBuilder : IDisposable
{
    private const int FirstRoom = 256;

    private readonly ValueMemory _memory;
    private readonly ValueOptions _options;
    private readonly long _expected;
    private ValueRoot _root;
    private long _room; // of a block that is larger than its content says; 0 for any other

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
        if (_root.Address != null) return Edit().Add(member);
        _root = SetEditor.Make(_memory, _options, member, _expected);
        return true;
    }

    /// <summary>Adds a member of another set; false when it is one of this, too.</summary>
    public bool Add(scoped in ListElement member)
    {
        if (member.TryNumber(out var number) && View.IsIntset) return TryAppend(number) || Edit().AddNumber(number);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        return Add(member.Text(scratch));
    }

    /// <summary>Adds the member of another set that a walk stands on and that is known not to be one of this.</summary>
    public void AddNew(scoped in SetMembers at)
    {
        if (_root.Address == null || View.IsIntset)
        {
            Add(at.Current);
            return;
        }

        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var member = at.Current.Text(scratch);
        if (View.IsLarge || !IsRoomy(member)) Edit().AddNew(member);
        else Append(new ListNeedle(member));
    }

    /// <summary>The set, for <see cref="Database.Put"/> or <see cref="Database.Discard"/>; it has a member.</summary>
    public LoadedValue Take()
    {
        Invariant.That(_root.Address != null);
        Fit();
        var value = new LoadedValue(ValueKind.Set, _root);
        _root = default;
        return value;
    }

    /// <summary>Frees what nobody has taken.</summary>
    public void Dispose()
    {
        if (_room != 0) _memory.Free(_root.Address, _room);
        else if (_root.Address != null) SetRoot.Free(_memory, _root);
        _room = 0;
        _root = default;
    }

    /// <summary>A listpack may get this member and be one still.</summary>
    private bool IsRoomy(ReadOnlySpan<byte> member) =>
        SetRoot.Count(_root) < _options.SetMaxListpackEntries && member.Length <= _options.SetMaxListpackValue
        && SetListpack.Length(_root.Address) + (long)member.Length < SetEditor.LargestBlock;

    /// <summary>Puts a member behind the last one of a listpack.</summary>
    private void Append(scoped in ListNeedle member)
    {
        var length = SetListpack.Length(_root.Address);
        var bare = Listpack.BareLength(member);
        var longer = length + bare + Listpack.BacklinkLength(bare);
        MakeRoom(longer);
        var at = _root.Address + length - 1;
        Listpack.WriteBare(at, member);
        Listpack.WriteLengthBehind(at + bare, bare);
        var count = SetRoot.Count(_root) + 1;
        SetListpack.Finish(_root.Address, longer, count);
        _root = SetRoot.OfListpack(_root.Address, count);
    }

    /// <summary>Puts an integer behind the last one of an intset; false when its place is another or it needs more bytes.</summary>
    private bool TryAppend(long number)
    {
        var count = SetRoot.Count(_root);
        var width = SetRoot.Width(_root);
        var isBehind = count < SetEditor.MaxIntset(_options) && Intset.WidthOf(number) <= width
            && Intset.Read(_root.Address, width, count - 1) < number;
        if (!isBehind) return false;
        MakeRoom((count + 1) * width);
        Intset.Write(_root.Address, width, count, number);
        _root = SetRoot.OfIntset(_root.Address, width, count + 1);
        return true;
    }

    private void MakeRoom(long bytes)
    {
        var room = _room != 0 ? _room : BlockRoom.For(SetRoot.ContentBytes(_root));
        if (bytes <= room) return;
        _room = Math.Max(FirstRoom, 2 * bytes);
        _root.Address = _memory.Reallocate(_root.Address, room, _room);
    }

    /// <summary>Edits the set, whose block is what its content says then.</summary>
    private SetEditor Edit()
    {
        Fit();
        return new SetEditor(_memory, _options, ref _root);
    }

    private void Fit()
    {
        if (_room == 0) return;
        var room = BlockRoom.For(SetRoot.ContentBytes(_root));
        if (NativeHeap.UsableBytes(room) != NativeHeap.UsableBytes(_room)) _root.Address = _memory.Reallocate(_root.Address, _room, room);
        _room = 0;
    }
}
