using System.Runtime.InteropServices;

namespace Starling.Slots.Values;

/// <summary>
/// What an entry holds of a value that does not lie in the entry itself: 16 bytes whose meaning is the kind's own. It
/// never moves its meaning from one entry to the other but by being copied as a whole.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal unsafe struct ValueRoot
{
    /// <summary>The size of a root.</summary>
    public const int Bytes = 16;

    /// <summary>A block of native memory.</summary>
    [FieldOffset(0)]
    public byte* Address;

    /// <summary>Whatever else the kind keeps.</summary>
    [FieldOffset(8)]
    public ulong Data;

    /// <summary>Of a string: its length.</summary>
    [FieldOffset(8)]
    public int Length;

    /// <summary>Of a string: the size that its block was made with.</summary>
    [FieldOffset(12)]
    public int Capacity;
}
