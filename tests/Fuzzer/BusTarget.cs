using Starling.ClusterBus.Wire;

namespace Starling.Fuzzer;

/// <summary>
/// A packet of the cluster bus, its length made right: it is refused, or becomes a message that can be written and read
/// again.
/// </summary>
internal sealed class BusTarget : IFuzzTarget
{
    private const int LengthAt = 4;

    public bool Run(byte[] input)
    {
        var packet = (byte[])input.Clone();
        if (packet.Length >= LengthAt + 4) System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(packet.AsSpan(LengthAt), packet.Length);
        if (BusDecoder.Decode(packet, out var message, out var reason) != BusDecodeResult.Message)
        {
            if (string.IsNullOrEmpty(reason)) throw new FuzzFinding("refused without a reason");
            return false;
        }

        var written = BusEncoder.Encode(message!);
        if (BusDecoder.Decode(written, out var again, out reason) != BusDecodeResult.Message) throw new FuzzFinding("what was read is refused when it is written: " + reason);
        if (!BusEncoder.Encode(again!).AsSpan().SequenceEqual(written)) throw new FuzzFinding("what was read is written in two ways");
        return true;
    }

    public void Settle()
    {
        // Packets leave nothing behind.
    }
}
