using System.Buffers.Text;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Sets;

/// <summary>
/// Changes a set and converts it when it outgrows its form, by the rules of Redis 7.2: integers make an intset, other
/// members a listpack, and what is too large for either a table, which it remains.
/// </summary>
internal readonly unsafe ref struct SetEditor
{
    /// <summary>No block of a small set is larger, whatever the options allow.</summary>
    public const long LargestBlock = 1 << 30;

    private readonly ValueMemory _memory;
    private readonly ValueOptions _options;
    private readonly ref ValueRoot _root;

    /// <summary>Edits a set that has a member.</summary>
    public SetEditor(scoped in ValueMemory memory, ValueOptions options, ref ValueRoot root)
    {
        _memory = memory;
        _options = options;
        _root = ref root;
    }

    /// <summary>The most members of an intset.</summary>
    public static long MaxIntset(ValueOptions options) => Math.Min(options.SetMaxIntsetEntries, LargestBlock / 8);

    /// <summary>Makes a set of one member.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="options">Decide the form.</param>
    /// <param name="member">The member.</param>
    /// <param name="expected">How many members will come at once, about: the form is the one for so many.</param>
    public static ValueRoot Make(
        scoped in ValueMemory memory, ValueOptions options, scoped ReadOnlySpan<byte> member, long expected)
    {
        var needle = new ListNeedle(member);
        if (needle.IsNumber && Math.Max(1, expected) <= options.SetMaxIntsetEntries)
        {
            var width = Intset.WidthOf(needle.Number);
            var block = memory.Allocate(BlockRoom.For(width));
            Intset.Write(block, width, 0, needle.Number);
            return SetRoot.OfIntset(block, width, 1);
        }

        if (Math.Max(1, expected) <= options.SetMaxListpackEntries && member.Length <= options.SetMaxListpackValue)
        {
            var length = checked((int)(Listpack.EmptyBytes + Listpack.EntryLength(member)));
            var block = memory.Allocate(BlockRoom.For(length));
            Listpack.Write(SetListpack.First(block), member);
            SetListpack.Finish(block, length, 1);
            return SetRoot.OfListpack(block, 1);
        }

        var table = ElementTable.Make(memory, expected);
        ElementTable.Add(memory, table, member, []);
        return SetRoot.OfTable(table);
    }

    /// <summary>So many members will be added at once, about: a form that is too small for them gives way.</summary>
    public void Expect(long members)
    {
        var most = SetRoot.Form(_root) switch
        {
            SetForm.Intset => _options.SetMaxIntsetEntries,
            SetForm.Listpack => _options.SetMaxListpackEntries,
            _ => long.MaxValue,
        };
        if (members > most) BecomeTable();
    }

    /// <summary>Adds a member, which does not lie in this set; false when it is one.</summary>
    public bool Add(scoped ReadOnlySpan<byte> member)
    {
        switch (SetRoot.Form(_root))
        {
            case SetForm.Intset:
                var number = new ListNeedle(member);
                return number.IsNumber ? AddNumber(number.Number) : AddToIntset(member);
            case SetForm.Listpack:
                if (SetListpack.Find(_root.Address, new ListNeedle(member)) != null) return false;
                AddNew(member);
                return true;
            default:
                return ElementTable.TryAdd(_memory, SetRoot.Table(_root), member, [], out _);
        }
    }

    /// <summary>Adds a member that is known to be none yet, to a set that is no intset.</summary>
    public void AddNew(scoped ReadOnlySpan<byte> member)
    {
        if (SetRoot.Form(_root) == SetForm.Table)
        {
            ElementTable.Add(_memory, SetRoot.Table(_root), member, []);
            return;
        }

        var isRoomy = SetRoot.Count(_root) < _options.SetMaxListpackEntries
            && member.Length <= _options.SetMaxListpackValue
            && SetListpack.Length(_root.Address) + (long)member.Length < LargestBlock;
        if (isRoomy) Append(member);
        else AddToTable(member);
    }

    /// <summary>Adds an integer; false when it is a member.</summary>
    public bool AddNumber(long number)
    {
        var count = SetRoot.Count(_root);
        var width = SetRoot.Width(_root);
        var isWider = Intset.WidthOf(number) > width;
        var index = number < 0 ? 0 : count;
        if (!isWider && Intset.TryFind(_root.Address, width, count, number, out index)) return false;
        if (count >= MaxIntset(_options))
        {
            Span<byte> text = stackalloc byte[ListElement.ScratchLength];
            AddToTable(new ListElement(number).Text(text));
            return true;
        }

        if (isWider) InsertWider(number, index, count);
        else Insert(number, index, count, width);
        return true;
    }

    /// <summary>Takes a member out; false when it is none. Another one must be left.</summary>
    public bool Remove(scoped ReadOnlySpan<byte> member)
    {
        switch (SetRoot.Form(_root))
        {
            case SetForm.Intset:
                var needle = new ListNeedle(member);
                return needle.IsNumber && RemoveNumber(needle.Number);
            case SetForm.Listpack:
                var at = SetListpack.Find(_root.Address, new ListNeedle(member));
                if (at == null) return false;
                RemoveEntry(at);
                return true;
            default:
                return ElementTable.Remove(_memory, SetRoot.Table(_root), member);
        }
    }

    /// <summary>Makes a set of a sound intset in Redis's layout.</summary>
    public static ValueRoot MakeOf(
        scoped in ValueMemory memory, ValueOptions options, byte* integers, int width, int count)
    {
        var narrow = Intset.WidthOf(Intset.Read(integers, width, 0), Intset.Read(integers, width, count - 1));
        var block = memory.Allocate(BlockRoom.For((long)narrow * count));
        Intset.Copy(integers, width, count, block, narrow);
        var root = SetRoot.OfIntset(block, narrow, count);
        if (count > MaxIntset(options)) new SetEditor(memory, options, ref root).BecomeTable();
        return root;
    }

    private bool AddToIntset(scoped ReadOnlySpan<byte> member)
    {
        var count = SetRoot.Count(_root);
        var width = SetRoot.Width(_root);
        var longest = Math.Max(Digits(0), Digits(count - 1));
        if (count < _options.SetMaxListpackEntries && Math.Max(member.Length, longest) <= _options.SetMaxListpackValue)
        {
            BecomeListpack(width, count);
            Append(member);
        }
        else
        {
            AddToTable(member);
        }

        return true;
    }

    private int Digits(long index)
    {
        Span<byte> text = stackalloc byte[ListElement.ScratchLength];
        Utf8Formatter.TryFormat(Intset.Read(_root.Address, SetRoot.Width(_root), index), text, out var length);
        return length;
    }

    private void AddToTable(scoped ReadOnlySpan<byte> member)
    {
        BecomeTable();
        ElementTable.Add(_memory, SetRoot.Table(_root), member, []);
    }

    private void BecomeTable()
    {
        var table = ElementTable.Make(_memory, SetRoot.Count(_root) + 1);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var member in new SetMembers(_root)) ElementTable.Add(_memory, table, member.Text(scratch), []);
        SetRoot.Free(_memory, _root);
        _root = SetRoot.OfTable(table);
    }

    private void BecomeListpack(int width, long count)
    {
        var listpack = SetListpack.Copy(_memory, _root);
        _memory.Free(_root.Address, BlockRoom.For(width * count));
        _root = SetRoot.OfListpack(listpack, count);
    }

    /// <summary>Puts a member behind the last one of a listpack.</summary>
    private void Append(scoped ReadOnlySpan<byte> member)
    {
        var length = SetListpack.Length(_root.Address);
        var longer = length + (int)Listpack.EntryLength(member);
        var count = SetRoot.Count(_root) + 1;
        var block = Resize(length, longer);
        Listpack.Write(block + length - 1, member);
        SetListpack.Finish(block, longer, count);
        _root = SetRoot.OfListpack(block, count);
    }

    private void RemoveEntry(byte* at)
    {
        var length = SetListpack.Length(_root.Address);
        var removed = Listpack.EntryLength(at);
        var behind = _root.Address + length - at - removed;
        Buffer.MemoryCopy(at + removed, at, behind, behind);
        var count = SetRoot.Count(_root) - 1;
        var block = Resize(length, length - removed);
        SetListpack.Finish(block, length - removed, count);
        _root = SetRoot.OfListpack(block, count);
    }

    /// <summary>Puts an integer at its index, with room for its width.</summary>
    private void Insert(long number, long index, long count, int width)
    {
        var block = Resize(count * width, (count + 1) * width);
        var at = block + (index * width);
        var behind = (count - index) * width;
        Buffer.MemoryCopy(at, at + width, behind, behind);
        Intset.Write(block, width, index, number);
        _root = SetRoot.OfIntset(block, width, count + 1);
    }

    /// <summary>Puts an integer that is wider than all others before or behind them.</summary>
    private void InsertWider(long number, long index, long count)
    {
        var old = SetRoot.Width(_root);
        var width = Intset.WidthOf(number);
        var block = _memory.Allocate(BlockRoom.For((count + 1) * width));
        Intset.Copy(_root.Address, old, count, index == 0 ? block + width : block, width);
        Intset.Write(block, width, index, number);
        _memory.Free(_root.Address, BlockRoom.For(count * old));
        _root = SetRoot.OfIntset(block, width, count + 1);
    }

    private bool RemoveNumber(long number)
    {
        var count = SetRoot.Count(_root);
        var width = SetRoot.Width(_root);
        if (!Intset.TryFind(_root.Address, width, count, number, out var index)) return false;
        var at = _root.Address + (index * width);
        var behind = (count - index - 1) * width;
        Buffer.MemoryCopy(at + width, at, behind, behind);
        _root = SetRoot.OfIntset(Resize(count * width, (count - 1) * width), width, count - 1);
        return true;
    }

    /// <summary>The block for a content of another length, which stays as far as it fits.</summary>
    private byte* Resize(long bytes, long newBytes)
    {
        var (size, newSize) = (BlockRoom.For(bytes), BlockRoom.For(newBytes));
        return size == newSize ? _root.Address : _memory.Reallocate(_root.Address, size, newSize);
    }
}
