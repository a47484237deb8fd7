using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Memory;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands on single bits of strings.</summary>
public static class Bitmaps
{
    private const int SourcesOnStack = 32;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("setbit", 4, CommandFlags.Write | CommandFlags.DenyOom, "RW access update", "2.2.0",
            "Sets or clears a bit of the string at a key and returns what it was.", SetBit),
        Row("getbit", 3, CommandFlags.ReadOnly | CommandFlags.Fast, "RO access", "2.2.0",
            "Returns a bit of the string at a key.", GetBit),
        Row("bitcount", -2, CommandFlags.ReadOnly, "RO access", "2.6.0",
            "Counts the bits that are set in the string at a key, or in a range of it.", BitCount),
        Row("bitpos", -3, CommandFlags.ReadOnly, "RO access", "2.8.7",
            "Finds the first bit that is set, or that is clear, in the string at a key.", BitPos),
        new("bitop", -4, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.From(2), BitOp)
        {
            KeyFlags = "OW update;RO access", AclCategories = ["bitmap"], Group = "bitmap", Since = "2.6.0",
            Summary = "Combines strings bit by bit and stores the result at a key.",
        },
    ];

    private static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        string keyFlags,
        string since,
        string summary,
        CommandHandler handler) =>
        new(name, arity, flags, KeySpec.At(1), handler)
        {
            KeyFlags = keyFlags,
            AclCategories = ["bitmap"],
            Group = "bitmap",
            Since = since,
            Summary = summary,
        };

    private static void SetBit(CommandContext call)
    {
        if (!call.TryBitOffset(2, out var offset)) return;
        if (!ArgumentParser.TryInteger(call[3], out long bit) || bit is not (0 or 1))
        {
            call.Reply.Error("ERR bit is not an integer or out of range"u8);
            return;
        }

        var key = call.Key(1);
        if (!call.TryOpen<StringValue>(key, out var value)) return;
        var index = (int)(offset / BitRange.BitsPerByte);
        var bytes = OpenForWriting(ref value, index + 1, index, 1, out var hasGrown);
        var mask = 0x80 >> (int)(offset % BitRange.BitsPerByte);
        var was = (bytes[index] & mask) != 0;
        if (hasGrown || was != (bit == 1))
        {
            bytes[index] = (byte)(bit == 1 ? bytes[index] | mask : bytes[index] & ~mask);
            call.Changed(key, KeyEvent.SetBit);
        }

        call.Reply.Integer(was ? 1 : 0);
    }

    /// <summary>The bytes of a string, at least so many, of which a range may be written; makes the key.</summary>
    internal static Span<byte> OpenForWriting(
        ref StringValue value, int length, int from, int count, out bool hasGrown)
    {
        var oldLength = value.Bytes.Length;
        hasGrown = !value.Exists || oldLength < length;
        if (!value.Exists) value.Set(default);
        return value.Resize(Math.Max(oldLength, length), from, count);
    }

    private static void GetBit(CommandContext call)
    {
        if (!call.TryBitOffset(2, out var offset)) return;
        if (!call.TryRead<StringValue>(call.Key(1), out var value)) return;
        var index = offset / BitRange.BitsPerByte;
        var bytes = value.Bytes;
        var isSet = index < bytes.Length && (bytes[(int)index] & (0x80 >> (int)(offset % BitRange.BitsPerByte))) != 0;
        call.Reply.Integer(isSet ? 1 : 0);
    }

    private static void BitCount(CommandContext call)
    {
        if (call.Count is 3 or > 5)
        {
            call.SyntaxError();
            return;
        }

        long start = 0, end = -1;
        var inBits = false;
        if (call.Count > 2 && !(call.TryInteger(2, out start) && call.TryInteger(3, out end))) return;
        if (call.Count == 5 && !TryUnit(call, 4, out inBits)) return;
        if (!call.TryRead<StringValue>(call.Key(1), out var value)) return;
        var isBackward = start < 0 && end < 0 && start > end;
        call.Reply.Integer(isBackward ? 0 : Range(value.Bytes, start, end, inBits).CountOnes(value.Bytes));
    }

    private static void BitPos(CommandContext call)
    {
        if (!call.TryInteger(2, out long bit)) return;
        if (bit is not (0 or 1))
        {
            call.Reply.Error("ERR The bit argument must be 1 or 0."u8);
            return;
        }

        if (call.Count > 6)
        {
            call.SyntaxError();
            return;
        }

        long start = 0, end = -1;
        var inBits = false;
        if (call.Count > 3 && !call.TryInteger(3, out start)) return;
        if (call.Count > 5 && !TryUnit(call, 5, out inBits)) return;
        if (call.Count > 4 && !call.TryInteger(4, out end)) return;
        if (!call.TryRead<StringValue>(call.Key(1), out var value)) return;
        call.Reply.Integer(Position(value, bit == 1, Range(value.Bytes, start, end, inBits), hasEnd: call.Count > 4));
    }

    /// <summary>
    /// A string goes on with zeros for who looks for one and names no end; a key that is not there is nothing but zeros
    /// for everybody.
    /// </summary>
    private static long Position(in StringValue value, bool isSet, BitRange range, bool hasEnd)
    {
        if (!value.Exists) return isSet ? -1 : 0;
        if (range.IsEmpty) return -1;
        var found = range.Find(value.Bytes, isSet);
        return found < 0 && !isSet && !hasEnd ? value.Bytes.Length * (long)BitRange.BitsPerByte : found;
    }

    private static bool TryUnit(CommandContext call, int index, out bool inBits)
    {
        inBits = call.Is(index, "bit"u8);
        if (inBits || call.Is(index, "byte"u8)) return true;
        call.SyntaxError();
        return false;
    }

    /// <summary>The bits from start to end, in bytes or bits, negative ones counted from the end of the string.</summary>
    private static BitRange Range(ReadOnlySpan<byte> bytes, long start, long end, bool inBits)
    {
        var total = inBits ? bytes.Length * (long)BitRange.BitsPerByte : bytes.Length;
        if (start < 0) start = Math.Max(0, start + total);
        if (end < 0) end = Math.Max(0, end + total);
        end = Math.Min(end, total - 1);
        if (start > end) return new BitRange(0, -1);
        return inBits
            ? new BitRange(start, end)
            : new BitRange(start * BitRange.BitsPerByte, (end * BitRange.BitsPerByte) + BitRange.BitsPerByte - 1);
    }

    private static void BitOp(CommandContext call)
    {
        if (!TryOperation(call, out var operation)) return;
        var count = call.Count - 3;
        Entry[]? rented = null;
        var sources = count <= SourcesOnStack
            ? stackalloc Entry[SourcesOnStack]
            : rented = ScratchArrays.Rent<Entry>(count);
        sources = sources[..count];
        if (TrySources(call, sources, out var length))
        {
            Store(call, operation, sources, length);
            call.Reply.Integer(length);
        }

        if (rented is not null) ScratchArrays.Return(rented);
    }

    private static bool TryOperation(CommandContext call, out BitwiseOperation operation)
    {
        operation = default;
        var name = call[1];
        if (ArgumentParser.Is(name, "and"u8)) operation = BitwiseOperation.And;
        else if (ArgumentParser.Is(name, "or"u8)) operation = BitwiseOperation.Or;
        else if (ArgumentParser.Is(name, "xor"u8)) operation = BitwiseOperation.Xor;
        else if (ArgumentParser.Is(name, "not"u8)) operation = BitwiseOperation.Not;
        else if (ArgumentParser.Is(name, "diff"u8)) operation = BitwiseOperation.Diff;
        else if (ArgumentParser.Is(name, "diff1"u8)) operation = BitwiseOperation.Diff1;
        else if (ArgumentParser.Is(name, "andor"u8)) operation = BitwiseOperation.AndOr;
        else if (ArgumentParser.Is(name, "one"u8)) operation = BitwiseOperation.One;
        else
        {
            call.SyntaxError();
            return false;
        }

        if (operation == BitwiseOperation.Not && call.Count != 4)
        {
            call.Reply.Error("ERR BITOP NOT must be called with a single source key."u8);
            return false;
        }

        if (call.Count > 4 || operation is not (BitwiseOperation.Diff or BitwiseOperation.Diff1 or BitwiseOperation.AndOr))
            return true;
        call.Reply.Error($"ERR BITOP {operation.ToString().ToUpperInvariant()} must be called with at least two source keys.");
        return false;
    }

    /// <summary>Finds the strings; replies with the error when one is no string.</summary>
    private static bool TrySources(CommandContext call, Span<Entry> sources, out int length)
    {
        length = 0;
        for (var i = 0; i < sources.Length; i++)
        {
            if (!call.TryRead(call.Key(i + 3), out sources[i])) continue;
            if (!sources[i].Holds<StringValue>())
            {
                call.Reply.Error(ErrorReplies.WrongType);
                return false;
            }

            length = Math.Max(length, sources[i].String.Length);
        }

        return true;
    }

    private static void Store(CommandContext call, BitwiseOperation operation, Span<Entry> sources, int length)
    {
        var key = call.Key(2);
        if (length == 0)
        {
            call.Delete(key, DeleteReason.Command);
            return;
        }

        var isSource = false;
        for (var i = 0; i < sources.Length; i++) isSource |= sources[i].IsPresent && call[i + 3].SequenceEqual(key.Bytes);

        // One that has expired is reported as that; one that has a string gives its room.
        var hasRoom = isSource || (call.TryWrite(key, out var former) && former.Holds<StringValue>());
        Span<byte> result;
        if (hasRoom)
        {
            call.Database.SetExpiry(key, Entry.NoExpiry);
            result = call.Database.ResizeString(key, length, 0, length, raw: true);
            call.Database.TryFind(key, out var moved);
            for (var i = 0; i < sources.Length; i++)
                if (sources[i].IsPresent && call[i + 3].SequenceEqual(key.Bytes)) sources[i] = moved;
        }
        else
        {
            result = call.Database.MakeRawString(key, length, call.AccessClock);
        }

        BitCombiner.Combine(operation, sources, result);
        call.Changed(key, KeyEvent.Set);
    }
}
