using System.Runtime.InteropServices;

namespace Starling.Slots.Keyspace;

/// <summary>The tables of the slots of one stripe: this header, then the roots, one per slot.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StripeTables
{
    /// <summary>Number of slots of a stripe.</summary>
    public const int Slots = HashSlot.Count / StripeSet.StripeCount;

    /// <summary>Bytes of the header and the roots.</summary>
    public const int Bytes = HeaderBytes + (Slots * TableNode.Bytes);

    private const int SecondsAt = 64;
    private const int HeaderBytes = SecondsAt + (Slots * sizeof(uint));

    /// <summary>The slot that is being scanned for expired keys, or -1.</summary>
    public int ExpiryScanSlot;

    /// <summary>The earliest expiry given in that slot since its scan began.</summary>
    public long ExpiryScanMinimum;

    /// <summary>The root of a slot's table.</summary>
    public static TableNode* Root(StripeTables* stripe, int slot) =>
        (TableNode*)((byte*)stripe + HeaderBytes) + (slot / StripeSet.StripeCount);

    /// <summary>
    /// No element of a value in the slot expires before this, in seconds of Unix time, rounded up; 0 when none does.
    /// </summary>
    public static ref uint ElementSecond(StripeTables* stripe, int slot) =>
        ref ((uint*)((byte*)stripe + SecondsAt))[slot / StripeSet.StripeCount];
}
