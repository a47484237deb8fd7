using System.Buffers.Binary;
using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Wire;

/// <summary>
/// The fields of the 2256 bytes with which every packet begins. Numbers are written most significant byte first.
/// </summary>
/// <param name="bytes">At least <see cref="BusProtocol.HeaderLength"/> bytes.</param>
public readonly ref struct BusHeader(ReadOnlySpan<byte> bytes)
{
    internal const int SignatureAt = 0;
    internal const int LengthAt = 4;
    internal const int VersionAt = 8;
    internal const int PortAt = 10;
    internal const int TypeAt = 12;
    internal const int CountAt = 14;
    internal const int CurrentEpochAt = 16;
    internal const int ConfigEpochAt = 24;
    internal const int OffsetAt = 32;
    internal const int SenderAt = 40;
    internal const int SlotsAt = 80;
    internal const int MasterAt = 2128;
    internal const int IpAt = 2168;
    internal const int ExtensionCountAt = 2214;
    internal const int SecondPortAt = 2246;
    internal const int BusPortAt = 2248;
    internal const int FlagsAt = 2250;
    internal const int StateAt = 2252;
    internal const int MessageFlagsAt = 2253;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>The packet begins with "RCmb".</summary>
    public bool HasSignature => _bytes.Slice(SignatureAt, 4).SequenceEqual("RCmb"u8);

    /// <summary>Length of the whole packet in bytes.</summary>
    public uint Length => BinaryPrimitives.ReadUInt32BigEndian(_bytes[LengthAt..]);

    /// <summary>Protocol version, 1.</summary>
    public int Version => UInt16At(VersionAt);

    /// <summary>The sender's client port.</summary>
    public int Port => UInt16At(PortAt);

    /// <summary>Message type; may be one that is not known.</summary>
    public BusType Type => (BusType)UInt16At(TypeAt);

    /// <summary>Number of gossip sections.</summary>
    public int Count => UInt16At(CountAt);

    /// <summary>The sender's current epoch.</summary>
    public ulong CurrentEpoch => BinaryPrimitives.ReadUInt64BigEndian(_bytes[CurrentEpochAt..]);

    /// <summary>The config epoch of the sender or of its master.</summary>
    public ulong ConfigEpoch => BinaryPrimitives.ReadUInt64BigEndian(_bytes[ConfigEpochAt..]);

    /// <summary>The sender's replication offset.</summary>
    public long ReplicationOffset => BinaryPrimitives.ReadInt64BigEndian(_bytes[OffsetAt..]);

    /// <summary>The sender's name, 40 bytes.</summary>
    public ReadOnlySpan<byte> Sender => _bytes.Slice(SenderAt, NodeId.TextLength);

    /// <summary>The slot bitmap, 2048 bytes.</summary>
    public ReadOnlySpan<byte> Slots => _bytes.Slice(SlotsAt, SlotSet.ByteLength);

    /// <summary>The name of the sender's master, 40 bytes, or zero bytes.</summary>
    public ReadOnlySpan<byte> Master => _bytes.Slice(MasterAt, NodeId.TextLength);

    /// <summary>The announced IP address, 46 bytes, ended by a zero byte.</summary>
    public ReadOnlySpan<byte> Ip => _bytes.Slice(IpAt, BusProtocol.IpLength);

    /// <summary>Number of extensions; counts only with <see cref="Wire.MessageFlags.ExtensionData"/>.</summary>
    public int ExtensionCount => UInt16At(ExtensionCountAt);

    /// <summary>The sender's other client port: the TLS one when <see cref="Port"/> is not.</summary>
    public int SecondPort => UInt16At(SecondPortAt);

    /// <summary>The sender's bus port.</summary>
    public int BusPort => UInt16At(BusPortAt);

    /// <summary>The sender's flags.</summary>
    public NodeFlags Flags => (NodeFlags)UInt16At(FlagsAt);

    /// <summary>The sender's cluster state, 0 for ok and 1 for fail.</summary>
    public byte State => _bytes[StateAt];

    /// <summary>Flags of the message.</summary>
    public MessageFlags MessageFlags => (MessageFlags)_bytes[MessageFlagsAt];

    private int UInt16At(int offset) => BinaryPrimitives.ReadUInt16BigEndian(_bytes[offset..]);
}
