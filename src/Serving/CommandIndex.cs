using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Starling.Serving;

/// <summary>Finds a command by the bytes of its name, in any case, without allocation.</summary>
internal sealed class CommandIndex
{
    private readonly CommandRow?[] _slots;
    private readonly byte[][] _names;

    public CommandIndex(IReadOnlyCollection<CommandRow> commands)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, commands.Count * 4));
        _slots = new CommandRow?[size];
        _names = new byte[size][];
        foreach (var command in commands)
        {
            var name = Encoding.ASCII.GetBytes(command.Name);
            var at = Hash(name) & (size - 1);
            while (_slots[at] is not null) at = (at + 1) & (size - 1);
            _slots[at] = command;
            _names[at] = name;
        }
    }

    public CommandRow? Find(ReadOnlySpan<byte> name)
    {
        var slots = _slots;
        var mask = slots.Length - 1;
        for (var at = Hash(name) & mask; slots[at] is { } command; at = (at + 1) & mask)
            if (Ascii.EqualsIgnoreCase(_names[at], name)) return command;
        return null;
    }

    /// <summary>Folds case by setting bit 5 of every byte; what that confuses, the comparison tells apart.</summary>
    private static int Hash(ReadOnlySpan<byte> name)
    {
        ulong head;
        ulong tail;
        if (name.Length >= 8)
        {
            head = BinaryPrimitives.ReadUInt64LittleEndian(name);
            tail = BinaryPrimitives.ReadUInt64LittleEndian(name[^8..]);
        }
        else
        {
            head = 0;
            foreach (var c in name) head = (head << 8) | c;
            tail = 0;
        }

        const ulong Fold = 0x2020202020202020;
        var mixed = ((head | Fold) * 0x9E3779B97F4A7C15) ^ (((tail | Fold) + (ulong)name.Length) * 0xC2B2AE3D27D4EB4F);
        return (int)(mixed >> 40);
    }
}
