using System.Globalization;
using System.Text;
using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>PFDEBUG and PFSELFTEST: look into HyperLogLogs.</summary>
public static class HyperLogLogDebug
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("pfdebug", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Admin, KeySpec.At(2), Debug)
        {
            KeyFlags = "RW access", AclCategories = ["hyperloglog"], Group = "hyperloglog", Since = "2.8.9",
            Summary = "Shows the registers and the encoding of a HyperLogLog, or makes it dense.",
        },
        new("pfselftest", 1, CommandFlags.Admin, KeySpec.None, SelfTest)
        {
            Locks = LockMode.None, AclCategories = ["hyperloglog"], Group = "hyperloglog", Since = "2.8.9",
            Summary = "Tries HyperLogLogs on numbers and says whether the estimates are as good as they should be.",
        },
    ];

    private static void Debug(CommandContext call)
    {
        var key = call.Key(2);
        if (!call.TryOpen<StringValue>(key, out var value)) return;
        if (!value.Exists)
        {
            call.Reply.Error("ERR The specified key does not exist"u8);
            return;
        }

        if (!HyperLogLogs.IsHyperLogLog(call, value)) return;
        if (call.Is(1, "getreg"u8)) GetRegisters(call, ref value);
        else if (call.Is(1, "decode"u8)) Decode(call, value.Bytes);
        else if (call.Is(1, "encoding"u8)) call.Reply.Simple(HyperLogLog.IsDense(value.Bytes) ? "dense"u8 : "sparse"u8);
        else if (call.Is(1, "todense"u8)) ToDense(call, ref value);
        else call.ErrorQuoting("ERR Unknown PFDEBUG subcommand '"u8, call[1], "'"u8);
    }

    /// <summary>Makes it dense and declares that; replies with the error when it is corrupt.</summary>
    private static bool TryMakeDense(CommandContext call, ref StringValue value)
    {
        if (HyperLogLog.IsDense(value.Bytes)) return true;
        if (!HyperLogLogEditor.TryMakeDense(ref value))
        {
            HyperLogLogs.Corrupt(call);
            return false;
        }

        call.Changed(call.Key(2), KeyEvent.PfRewritten);
        return true;
    }

    private static void GetRegisters(CommandContext call, ref StringValue value)
    {
        if (!TryMakeDense(call, ref value)) return;
        Span<byte> registers = stackalloc byte[HyperLogLog.Registers];
        HyperLogLog.TryMerge(value.Bytes, registers);
        call.Reply.Array(registers.Length);
        foreach (var register in registers) call.Reply.Integer(register);
    }

    private static void ToDense(CommandContext call, ref StringValue value)
    {
        var wasDense = HyperLogLog.IsDense(value.Bytes);
        if (TryMakeDense(call, ref value)) call.Reply.Integer(wasDense ? 0 : 1);
    }

    /// <summary>The runs of a sparse one: z:length and Z:length of zeros, v:value,length.</summary>
    private static void Decode(CommandContext call, ReadOnlySpan<byte> bytes)
    {
        if (HyperLogLog.IsDense(bytes))
        {
            call.Reply.Error("ERR HLL encoding is not sparse"u8);
            return;
        }

        var text = new StringBuilder();
        for (var at = HyperLogLog.HeaderLength; at < bytes.Length;)
        {
            if (!SparseRun.TryRead(bytes, at, out var run))
            {
                HyperLogLogs.Corrupt(call);
                return;
            }

            if (text.Length > 0) text.Append(' ');
            if (run.Value > 0) text.Append(CultureInfo.InvariantCulture, $"v:{run.Value},{run.Registers}");
            else text.Append(CultureInfo.InvariantCulture, $"{(run.Bytes == 1 ? 'z' : 'Z')}:{run.Registers}");
            at += run.Bytes;
        }

        call.Reply.Bulk(text.ToString());
    }

    private static void SelfTest(CommandContext call)
    {
        if (HyperLogLogSelfTest.Run(call.NextRandom()) is { } failure) call.Reply.Error(failure);
        else call.Ok();
    }
}
