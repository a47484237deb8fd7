using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>
/// The header of an allocation that is too large for a cell; what the caller gets starts right behind it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LargeBlock
{
    /// <summary>The next large block of the arena.</summary>
    public LargeBlock* Next;

    /// <summary>The one before.</summary>
    public LargeBlock* Previous;

    /// <summary>Bytes from the system, this header included.</summary>
    public long Bytes;

    /// <summary>The arena, in 8 bytes so that what follows is aligned to 16.</summary>
    public long Arena;
}
