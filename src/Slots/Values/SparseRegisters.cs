using System.Numerics;
using System.Runtime.Intrinsics;

namespace Starling.Slots.Values;

/// <summary>The registers of a sparse HyperLogLog, as runs (<see cref="SparseRun"/>). Takes whole strings, headers included.</summary>
internal static class SparseRegisters
{
    /// <summary>Most bytes that take the place of one run in which a register changes.</summary>
    private const int MostBytes = 5;

    /// <summary>Runs that are looked at for neighbours of the same value once one has changed.</summary>
    private const int RunsToMerge = 5;

    /// <summary>Counts how many registers have each value; false when they are not 16384.</summary>
    public static bool TryCount(ReadOnlySpan<byte> bytes, Span<int> histogram)
    {
        var registers = 0;
        for (var at = HyperLogLog.HeaderLength; at < bytes.Length;)
        {
            if (!SparseRun.TryRead(bytes, at, out var run)) return false;
            registers += run.Registers;
            if (registers > HyperLogLog.Registers) return false;
            histogram[run.Value] += run.Registers;
            at += run.Bytes;
        }

        return registers == HyperLogLog.Registers;
    }

    /// <summary>Raises registers, one a byte, to these; false when these are not 16384.</summary>
    public static bool TryMerge(ReadOnlySpan<byte> bytes, Span<byte> registers)
    {
        var index = 0;
        for (var at = HyperLogLog.HeaderLength; at < bytes.Length;)
        {
            if (!SparseRun.TryRead(bytes, at, out var run) || run.Registers > HyperLogLog.Registers - index) return false;
            if (run.Value > 0)
                foreach (ref var register in registers.Slice(index, run.Registers)) register = Math.Max(register, (byte)run.Value);
            index += run.Registers;
            at += run.Bytes;
        }

        return index == HyperLogLog.Registers;
    }

    /// <summary>
    /// Raises a register of a HyperLogLog to a count that a run can have, 1 to 32.
    /// </summary>
    /// <param name="value">The HyperLogLog.</param>
    /// <param name="index">The register.</param>
    /// <param name="count">The count.</param>
    /// <param name="longest">
    /// Bytes that it may grow to, directive <c>hll-sparse-max-bytes</c>. It is to be made dense instead of growing beyond.
    /// </param>
    public static HyperLogLogChange Raise(ref StringValue value, int index, int count, long longest)
    {
        var bytes = value.Bytes;
        if (!TryFind(bytes, index, out var found)) return HyperLogLogChange.Corrupt;
        if (found.Run.Value >= count) return HyperLogLogChange.None;
        Span<byte> runs = stackalloc byte[MostBytes];
        var length = Split(found, index, count, runs);
        var grows = length - found.Run.Bytes;
        if (grows > 0 && bytes.Length + grows > longest) return HyperLogLogChange.NeedsDense;
        Replace(ref value, found, runs[..length]);
        MergeNeighbours(ref value, found.Previous);
        return HyperLogLogChange.Raised;
    }

    /// <summary>The place of a run.</summary>
    /// <param name="At">Its first byte.</param>
    /// <param name="Previous">The first byte of the run before it, of itself when there is none.</param>
    /// <param name="First">Its first register.</param>
    /// <param name="Run">The run.</param>
    private readonly record struct Place(int At, int Previous, int First, SparseRun Run);

    /// <summary>Finds the run that a register is in.</summary>
    private static bool TryFind(ReadOnlySpan<byte> bytes, int index, out Place place)
    {
        place = default;
        var previous = HyperLogLog.HeaderLength;
        var first = 0;
        for (var at = HyperLogLog.HeaderLength; at < bytes.Length;)
        {
            if (bytes.Length - at >= Vector256<byte>.Count)
            {
                var skipped = CountShortRuns(bytes.Slice(at, Vector256<byte>.Count), out var runs);
                if (runs > 0 && index >= first + skipped)
                {
                    first += skipped;
                    at += runs;
                    previous = at - 1;
                    continue;
                }
            }

            // As SparseRun reads it, but of the runs that are passed over no more than their registers.
            int code = bytes[at];
            var isLong = (code & 0xC0) == 0x40;
            if (isLong && at + 1 == bytes.Length) return false;
            var registers = 1 + ((code & 0x80) != 0 ? code & 3 : isLong ? (code & 0x3F) << 8 | bytes[at + 1] : code);
            if (index < first + registers)
            {
                if (!SparseRun.TryRead(bytes, at, out var run)) return false;
                place = new Place(at, previous, first, run);
                return first + run.Registers <= HyperLogLog.Registers;
            }

            previous = at;
            first += registers;
            at += isLong ? 2 : 1;
        }

        return false;
    }

    /// <summary>
    /// The runs of one byte that these bytes begin with, up to the first of two or the end, and the registers of all of them.
    /// </summary>
    private static int CountShortRuns(ReadOnlySpan<byte> bytes, out int runs)
    {
        var codes = Vector256.Create(bytes);
        var longs = Vector256.Equals(codes & Vector256.Create((byte)0xC0), Vector256.Create((byte)0x40)).ExtractMostSignificantBits();
        runs = Math.Min(BitOperations.TrailingZeroCount(longs), Vector256<byte>.Count);
        var isValue = Vector256.GreaterThan(codes, Vector256.Create((byte)0x7F));
        var beyondFirst = codes & Vector256.ConditionalSelect(isValue, Vector256.Create((byte)3), Vector256.Create((byte)0x3F));
        beyondFirst &= Vector256.LessThan(Vector256<byte>.Indices, Vector256.Create((byte)runs));
        return runs + Vector256.Sum(Vector256.WidenLower(beyondFirst) + Vector256.WidenUpper(beyondFirst));
    }

    /// <summary>Writes the runs that take the place of one in which a register changes; returns their bytes.</summary>
    private static int Split(in Place place, int index, int count, Span<byte> runs)
    {
        var before = index - place.First;
        var behind = place.Run.Registers - before - 1;
        var old = place.Run.Value;
        var length = old == 0 ? SparseRun.WriteZeros(runs, before) : SparseRun.WriteValue(runs, old, before);
        length += SparseRun.WriteValue(runs[length..], count, 1);
        return length + (old == 0
            ? SparseRun.WriteZeros(runs[length..], behind)
            : SparseRun.WriteValue(runs[length..], old, behind));
    }

    private static void Replace(ref StringValue value, in Place place, scoped ReadOnlySpan<byte> runs)
    {
        var length = value.Bytes.Length;
        var behind = place.At + place.Run.Bytes;
        var longer = length + Math.Max(0, runs.Length - place.Run.Bytes);
        var bytes = value.Resize(longer, 0, longer);
        bytes[behind..length].CopyTo(bytes[(place.At + runs.Length)..]);
        runs.CopyTo(bytes[place.At..]);
        var wanted = length + runs.Length - place.Run.Bytes;
        if (wanted < longer) value.Resize(wanted, 0, wanted);
    }

    /// <summary>Makes one run of neighbours that have the same value, where one run can hold them.</summary>
    private static void MergeNeighbours(ref StringValue value, int from)
    {
        var bytes = value.Resize(value.Bytes.Length, 0, value.Bytes.Length);
        var length = bytes.Length;
        var at = from;
        for (var runs = 0; runs < RunsToMerge && at < length; runs++)
        {
            if (!SparseRun.TryRead(bytes[..length], at, out var run)) break;
            var next = at + run.Bytes;
            if (run.Value > 0 && next < length && SparseRun.TryRead(bytes[..length], next, out var other)
                && other.Value == run.Value && run.Registers + other.Registers <= SparseRun.MostRegisters)
            {
                SparseRun.WriteValue(bytes[at..], run.Value, run.Registers + other.Registers);
                bytes[(next + 1)..length].CopyTo(bytes[next..]);
                length--;
            }
            else
            {
                at = next;
            }
        }

        HyperLogLog.Invalidate(bytes);
        if (length < bytes.Length) value.Resize(length, 0, length);
    }
}
