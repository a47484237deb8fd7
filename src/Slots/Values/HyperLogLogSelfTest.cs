using System.Buffers.Binary;
using System.Globalization;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Values;

/// <summary>
/// Tries HyperLogLogs on numbers (PFSELFTEST): dense registers beside plain ones, both encodings beside each other, and
/// estimates beside what was added. A fraction of a second.
/// </summary>
public static class HyperLogLogSelfTest
{
    private const int DenseRounds = 64;
    private const int MostElements = 1_000_000;
    private const int SparseLength = 3000;
    private const double StandardError = 1.04 / 128; // 1.04 over the root of the number of registers

    /// <summary>Tries them; null when all is well, otherwise what is not.</summary>
    /// <param name="seed">Chooses the numbers.</param>
    public static string? Run(ulong seed)
    {
        if (!DenseRegistersKeepWhatIsSet(seed)) return "TESTFAILED a dense register has lost its value";
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { Databases = 1 });
        var key = keyspace.Key("sparse"u8);
        var other = keyspace.Key("dense"u8);
        using var held = keyspace.LockAll();
        var sparse = keyspace[0].Open<StringValue>(key, default, accessClock: 0);
        var dense = keyspace[0].Open<StringValue>(other, default, accessClock: 0);
        HyperLogLogEditor.Create(ref sparse);
        HyperLogLogEditor.Create(ref dense);
        if (!HyperLogLogEditor.TryMakeDense(ref dense)) return "TESTFAILED an empty one is corrupt";
        return Compare(ref sparse, ref dense, seed);
    }

    private static bool DenseRegistersKeepWhatIsSet(ulong seed)
    {
        var dense = new byte[DenseRegisters.ByteCount];
        var plain = new byte[HyperLogLog.Registers];
        for (var round = 0; round < DenseRounds; round++)
        {
            for (var i = 0; i < plain.Length; i++)
            {
                plain[i] = (byte)(Mix(seed++) >> 58);
                DenseRegisters.Set(dense, i, plain[i]);
            }

            for (var i = 0; i < plain.Length; i++)
                if (DenseRegisters.Get(dense, i) != plain[i]) return false;
        }

        return true;
    }

    private static string? Compare(ref StringValue sparse, ref StringValue dense, ulong seed)
    {
        Span<byte> element = stackalloc byte[sizeof(ulong)];
        var checkAt = 1;
        for (var i = 1; i <= MostElements; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(element, Mix(seed + (ulong)i));
            var (register, count) = HyperLogLog.Place(element);
            HyperLogLogEditor.Raise(ref sparse, register, count, SparseLength);
            HyperLogLogEditor.Raise(ref dense, register, count, SparseLength);
            if (i != checkAt) continue;
            checkAt *= 10;
            if (i < 1000 && HyperLogLog.IsDense(sparse.Bytes)) return "TESTFAILED sparse encoding not used";
            var counted = HyperLogLog.TryCount(sparse.Bytes, out var first) & HyperLogLog.TryCount(dense.Bytes, out var second);
            if (!counted || first != second) return "TESTFAILED dense/sparse disagree";
            var error = Math.Abs(i - (double)first);
            if (error > Math.Max(1, Math.Ceiling(StandardError * 6 * i)))
                return string.Create(CultureInfo.InvariantCulture, $"TESTFAILED Too big error. card:{i} abserr:{error}");
        }

        return null;
    }

    /// <summary>The finisher of SplitMix64.</summary>
    private static ulong Mix(ulong number)
    {
        number = unchecked((number + 0x9E37_79B9_7F4A_7C15) * 0xBF58_476D_1CE4_E5B9);
        number = unchecked((number ^ (number >> 27)) * 0x94D0_49BB_1331_11EB);
        return number ^ (number >> 31);
    }
}
