using System.Buffers.Binary;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests;

/// <summary>Spoils packets where it hurts.</summary>
internal static class PacketMutation
{
    private static readonly int[] Fields = [4, 8, 12, 14, 2214, 2253];

    /// <summary>A copy with some bytes changed, cut or extended; its length field mostly fits.</summary>
    public static byte[] Mutate(byte[] packet, RandomSource random)
    {
        var mutated = packet.ToArray();
        if (random.Next(4) == 0) Array.Resize(ref mutated, Math.Max(0, mutated.Length + random.Next(200) - 100));
        if (mutated.Length >= 8 && random.Next(10) != 0) BinaryPrimitives.WriteUInt32BigEndian(mutated.AsSpan(4), (uint)mutated.Length);
        for (var i = random.Next(4); i >= 0; i--)
        {
            var at = random.Next(3) switch
            {
                0 => Fields[random.Next(Fields.Length)] + random.Next(2),
                1 => BusProtocol.HeaderLength + random.Next(Math.Max(1, mutated.Length - BusProtocol.HeaderLength)),
                _ => random.Next(Math.Max(1, mutated.Length)),
            };
            if (at < mutated.Length) mutated[at] = (byte)random.Next(256);
        }

        return mutated;
    }
}
