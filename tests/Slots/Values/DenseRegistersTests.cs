using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

public sealed class DenseRegistersTests
{
    [Fact]
    public void All_registers_at_once_are_those_one_by_one()
    {
        var random = new Random(5);
        var registers = new byte[HyperLogLog.Registers];
        var dense = new byte[DenseRegisters.ByteCount];
        for (var i = 0; i < registers.Length; i++) registers[i] = (byte)random.Next(64);
        DenseRegisters.Write(registers, dense);
        for (var i = 0; i < registers.Length; i++) Assert.Equal(registers[i], DenseRegisters.Get(dense, i));

        var others = new byte[HyperLogLog.Registers];
        for (var i = 0; i < others.Length; i++) others[i] = (byte)random.Next(64);
        var merged = others.ToArray();
        DenseRegisters.Merge(dense, merged);
        for (var i = 0; i < merged.Length; i++) Assert.Equal(Math.Max(registers[i], others[i]), merged[i]);
    }
}
