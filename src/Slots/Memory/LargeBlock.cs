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

    /// <summary>Bytes of the allocation, this header included.</summary>
    public long Bytes;

    private ulong _origin;

    /// <summary>The arena.</summary>
    public readonly int Arena => (ushort)_origin;

    /// <summary>The chunk that the block is a run of, or null when it is the system's.</summary>
    public readonly RunChunk* Chunk => (RunChunk*)(_origin >> 16);

    /// <summary>Sets where the block comes from.</summary>
    public void SetOrigin(int arena, RunChunk* chunk) => _origin = (ulong)chunk << 16 | (ushort)arena;
}
