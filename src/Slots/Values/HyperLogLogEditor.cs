namespace Starling.Slots.Values;

/// <summary>Changes strings that are HyperLogLogs (<see cref="HyperLogLog.IsOne"/>), in place.</summary>
public static class HyperLogLogEditor
{
    /// <summary>Makes a string one without elements.</summary>
    public static void Create(ref StringValue value)
    {
        value.Set(HyperLogLog.Empty);
        value.Resize(HyperLogLog.Empty.Length, 0, 0);
    }

    /// <summary>The cached cardinality is out of date from now on.</summary>
    public static void Invalidate(ref StringValue value) =>
        HyperLogLog.Invalidate(value.Resize(value.Bytes.Length, 0, HyperLogLog.HeaderLength));

    /// <summary>Caches a cardinality.</summary>
    public static void Cache(ref StringValue value, ulong cardinality) =>
        HyperLogLog.Cache(value.Resize(value.Bytes.Length, 0, HyperLogLog.HeaderLength), cardinality);

    /// <summary>Raises a register to a count; the cached cardinality is left to <see cref="Invalidate"/>.</summary>
    /// <param name="value">The HyperLogLog.</param>
    /// <param name="register">The register.</param>
    /// <param name="count">The count, 1 to 63.</param>
    /// <param name="longest">Directive <c>hll-sparse-max-bytes</c>.</param>
    /// <returns>Never <see cref="HyperLogLogChange.NeedsDense"/>.</returns>
    public static HyperLogLogChange Raise(ref StringValue value, int register, int count, long longest)
    {
        if (!HyperLogLog.IsDense(value.Bytes))
        {
            var change = count > SparseRun.LargestValue
                ? HyperLogLogChange.NeedsDense
                : SparseRegisters.Raise(ref value, register, count, longest);
            if (change != HyperLogLogChange.NeedsDense) return change;
            if (!TryMakeDense(ref value)) return HyperLogLogChange.Corrupt;
        }

        if (DenseRegisters.Get(value.Bytes[HyperLogLog.HeaderLength..], register) >= count) return HyperLogLogChange.None;
        var bytes = value.Resize(HyperLogLog.DenseLength, 0, HyperLogLog.DenseLength);
        DenseRegisters.Set(bytes[HyperLogLog.HeaderLength..], register, count);
        return HyperLogLogChange.Raised;
    }

    /// <summary>Raises registers to those that are given, one a byte; none of these is less.</summary>
    /// <param name="value">The HyperLogLog; sound.</param>
    /// <param name="registers">The registers.</param>
    /// <param name="longest">Directive <c>hll-sparse-max-bytes</c>.</param>
    public static void RaiseAll(ref StringValue value, scoped ReadOnlySpan<byte> registers, long longest)
    {
        for (var i = 0; i < registers.Length; i++)
        {
            if (HyperLogLog.IsDense(value.Bytes))
            {
                var bytes = value.Resize(HyperLogLog.DenseLength, 0, HyperLogLog.DenseLength);
                DenseRegisters.Write(registers, bytes[HyperLogLog.HeaderLength..]);
                return;
            }

            var zeros = registers[i..].IndexOfAnyExcept((byte)0);
            if (zeros < 0) return;
            i += zeros;
            Raise(ref value, i, registers[i], longest);
        }
    }

    /// <summary>Makes a sparse one dense, and leaves a dense one alone; false when it is corrupt.</summary>
    public static bool TryMakeDense(ref StringValue value)
    {
        if (HyperLogLog.IsDense(value.Bytes)) return true;
        Span<byte> registers = stackalloc byte[HyperLogLog.Registers];
        if (!SparseRegisters.TryMerge(value.Bytes, registers)) return false;
        var bytes = value.Resize(HyperLogLog.DenseLength, 0, HyperLogLog.DenseLength);
        HyperLogLog.MarkDense(bytes);
        DenseRegisters.Write(registers, bytes[HyperLogLog.HeaderLength..]);
        return true;
    }
}
