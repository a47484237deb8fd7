using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>
/// The header of a block of cells of one size class. The block is aligned to its size, so a cell's address leads to it.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Block
{
    /// <summary>The next block of the same list of the arena.</summary>
    public Block* Next;

    /// <summary>The one before.</summary>
    public Block* Previous;

    /// <summary>The first freed cell; each holds the address of the next.</summary>
    public byte* Freed;

    /// <summary>The chunk that the block is a part of.</summary>
    public Chunk* Chunk;

    /// <summary>Number of cells in use.</summary>
    public int Used;

    /// <summary>The block changes its list when it has that many cells in use.</summary>
    public int UpAt;

    /// <summary>The block changes its list when it has fewer cells in use.</summary>
    public int DownAt;

    /// <summary>Number of cells that were ever in use; those above were never touched.</summary>
    public int Carved;

    /// <summary>The list that the block is in; see <see cref="CellClass"/>.</summary>
    public int List;

    /// <summary>The size class.</summary>
    public short SizeClass;

    /// <summary>The arena.</summary>
    public short Arena;

    /// <summary>The block that a cell is in.</summary>
    public static Block* Of(byte* cell) => (Block*)((ulong)cell & ~(ulong)(Memory.SizeClass.BlockBytes - 1));
}
