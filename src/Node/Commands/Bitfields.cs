using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>BITFIELD: integers of any width within strings.</summary>
public static class Bitfields
{
    private const int LongestSigned = 64;
    private const int LongestUnsigned = 63;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("bitfield", -2, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.At(1), Execute)
        {
            KeyFlags = "RW access update variable_flags",
            KeyNotes = "This command allows both access and modification of the key",
            FindKeyFlags = KeyFlags,
            AclCategories = ["bitmap"], Group = "bitmap", Since = "3.2.0",
            Summary = "Reads, sets and adds to integers of any width in the string at a key.",
        },
        new("bitfield_ro", -2, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.At(1), ExecuteReadOnly)
        {
            KeyFlags = "RO access", AclCategories = ["bitmap"], Group = "bitmap", Since = "6.0.0",
            Summary = "Reads integers of any width in the string at a key.",
        },
    ];

    private enum OperationKind
    {
        Get,
        Set,
        IncrementBy,
    }

    /// <summary>BITFIELD that does nothing but GET only reads the key.</summary>
    private static readonly KeyUses Reads = "RO access";

    private static readonly KeyUses ReadsAndSets = "RW access update";

    private static KeyUses KeyFlags(ArgumentList arguments)
    {
        for (var i = 2; i < arguments.Count; i++)
        {
            var left = arguments.Count - i - 1;
            var isGet = ArgumentParser.Is(arguments[i], "get"u8) && left >= 2;
            var isWrite = (ArgumentParser.Is(arguments[i], "set"u8) || ArgumentParser.Is(arguments[i], "incrby"u8)) && left >= 3;
            var isOverflow = ArgumentParser.Is(arguments[i], "overflow"u8) && left >= 1;
            if (isGet) i += 2;
            else if (isOverflow) i++;
            else return isWrite ? ReadsAndSets : Reads;
        }

        return Reads;
    }

    private static void ExecuteReadOnly(CommandContext call)
    {
        if (!TryCheck(call, out var count, out var lastBit)) return;
        if (lastBit >= 0) call.Reply.Error("ERR BITFIELD_RO only supports the GET subcommand"u8);
        else Read(call, count);
    }

    private static void Execute(CommandContext call)
    {
        if (!TryCheck(call, out var count, out var lastBit)) return;
        if (lastBit >= 0) Write(call, count, lastBit);
        else Read(call, count);
    }

    /// <summary>Parses all operations, or replies with the error.</summary>
    /// <param name="call">The call.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="lastBit">The last bit that any of them writes; -1 when they only read.</param>
    private static bool TryCheck(CommandContext call, out int count, out long lastBit)
    {
        (count, lastBit) = (0, -1);
        var reader = new Reader(call);
        while (reader.TryNext(out var operation))
        {
            count++;
            if (operation.Kind != OperationKind.Get) lastBit = Math.Max(lastBit, operation.Field.LastBit);
        }

        return !reader.HasFailed;
    }

    private static void Read(CommandContext call, int count)
    {
        if (!call.TryRead<StringValue>(call.Key(1), out var value)) return;
        call.Reply.Array(count);
        var reader = new Reader(call);
        while (reader.TryNext(out var operation)) call.Reply.Integer(operation.Field.Read(value.Bytes));
    }

    private static void Write(CommandContext call, int count, long lastBit)
    {
        var key = call.Key(1);
        if (!call.TryOpen<StringValue>(key, out var value)) return;
        var length = (int)(lastBit / BitRange.BitsPerByte) + 1;
        var bytes = Bitmaps.OpenForWriting(ref value, length, 0, length, out var hasGrown);
        call.Reply.Array(count);
        var changes = 0;
        var reader = new Reader(call);
        while (reader.TryNext(out var operation))
            if (Apply(call.Reply, operation, bytes) || (hasGrown && operation.Kind != OperationKind.Get)) changes++;

        // One whose every operation has failed may have made the string longer, which replicas must do as well.
        if (changes > 0) call.Changed(key, KeyEvent.SetBit, changes);
    }

    /// <summary>Executes an operation and replies to it; true when it has changed the string.</summary>
    private static bool Apply(RespWriter reply, in Operation operation, Span<byte> bytes)
    {
        var field = operation.Field;
        var old = field.Read(bytes);
        if (operation.Kind == OperationKind.Get)
        {
            reply.Integer(old);
            return false;
        }

        var isSet = operation.Kind == OperationKind.Set;
        if (!field.TryAdd(isSet ? operation.Value : old, isSet ? 0 : operation.Value, operation.Overflow, out var result))
        {
            reply.Null();
            return false;
        }

        reply.Integer(isSet ? old : result);
        field.Write(bytes, result);
        return old != result;
    }

    private readonly record struct Operation(OperationKind Kind, BitField Field, long Value, BitFieldOverflow Overflow);

    /// <summary>
    /// Parses the operations one after the other; replies with the error of the first that does not parse.
    /// </summary>
    private ref struct Reader(CommandContext call)
    {
        private int _index = 2;
        private BitFieldOverflow _overflow;

        public bool HasFailed { get; private set; }

        public bool TryNext(out Operation operation)
        {
            operation = default;
            while (_index < call.Count && call.Is(_index, "overflow"u8) && _index + 1 < call.Count)
                if (!TryOverflow()) return false;
            if (_index >= call.Count) return false;
            HasFailed = !TryOperation(ref operation);
            return !HasFailed;
        }

        private bool TryOverflow()
        {
            if (call.Is(_index + 1, "wrap"u8)) _overflow = BitFieldOverflow.Wrap;
            else if (call.Is(_index + 1, "sat"u8)) _overflow = BitFieldOverflow.Saturate;
            else if (call.Is(_index + 1, "fail"u8)) _overflow = BitFieldOverflow.Fail;
            else
            {
                HasFailed = true;
                call.Reply.Error("ERR Invalid OVERFLOW type specified"u8);
                return false;
            }

            _index += 2;
            return true;
        }

        private bool TryOperation(ref Operation operation)
        {
            OperationKind kind;
            if (call.Is(_index, "get"u8)) kind = OperationKind.Get;
            else if (call.Is(_index, "set"u8)) kind = OperationKind.Set;
            else if (call.Is(_index, "incrby"u8)) kind = OperationKind.IncrementBy;
            else
            {
                call.SyntaxError();
                return false;
            }

            var arguments = kind == OperationKind.Get ? 2 : 3;
            if (_index + arguments >= call.Count)
            {
                call.SyntaxError();
                return false;
            }

            if (!TryType(_index + 1, out var isSigned, out var width)) return false;
            if (!call.TryFieldOffset(_index + 2, width, out var offset)) return false;
            long value = 0;
            if (kind != OperationKind.Get && !call.TryInteger(_index + 3, out value)) return false;
            operation = new Operation(kind, new BitField(isSigned, width, offset), value, _overflow);
            _index += arguments + 1;
            return true;
        }

        private readonly bool TryType(int index, out bool isSigned, out int width)
        {
            var text = call[index];
            isSigned = text is [(byte)'i', ..];
            width = 0;
            if ((isSigned || text is [(byte)'u', ..]) && ArgumentParser.TryInteger(text[1..], out width)
                && width >= 1 && width <= (isSigned ? LongestSigned : LongestUnsigned)) return true;
            call.Reply.Error(
                "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."u8);
            return false;
        }
    }
}
