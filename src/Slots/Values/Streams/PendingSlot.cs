using System.Runtime.InteropServices;

namespace Starling.Slots.Values.Streams;

/// <summary>An entry that was delivered and not acknowledged: a slot of the tree of a group.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PendingSlot
{
    /// <summary>Bytes of a slot.</summary>
    public const int Bytes = StreamId.Bytes + 24;

    /// <summary>The entry.</summary>
    public StreamId Id;

    /// <summary>When it was delivered last, in milliseconds of Unix time.</summary>
    public long DeliveryTime;

    /// <summary>How often it was delivered.</summary>
    public long DeliveryCount;

    /// <summary>To whom: a place of the <see cref="ConsumerTable"/>.</summary>
    public int Consumer;
}
