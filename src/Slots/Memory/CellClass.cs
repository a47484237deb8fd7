using System.Numerics;
using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>
/// An arena's blocks of one size class, in lists by how full they are: a cell comes from one of the fullest blocks, so
/// that the emptier ones have the chance to become empty and to be given back. Full blocks are in no list. A block that
/// is to be emptied is in a list of its own, from which no cell comes.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct CellClass
{
    /// <summary>Lists of blocks with free cells: an eighth of the cells each.</summary>
    public const int Levels = 8;

    /// <summary>The list of the blocks that are to be emptied.</summary>
    public const int Emptying = Levels;

    /// <summary>What <see cref="Block.List"/> says of a full block.</summary>
    public const int Full = Levels + 1;

    private fixed ulong _heads[Levels + 1];

    /// <summary>One bit for each level that has a block.</summary>
    private uint _filled;

    /// <summary>Cells of a block.</summary>
    public int Cells;

    /// <summary>Free cells of all blocks that are not to be emptied.</summary>
    public long Free;

    /// <summary>Cells in use of the blocks that are to be emptied.</summary>
    public long ToMove;

    /// <summary>One of the fullest blocks with a free cell, or null.</summary>
    public readonly Block* Fullest => _filled == 0 ? null : (Block*)_heads[BitOperations.Log2(_filled)];

    /// <summary>One of the emptiest blocks that are not to be emptied, or null.</summary>
    public readonly Block* Emptiest => _filled == 0 ? null : (Block*)_heads[BitOperations.TrailingZeroCount(_filled)];

    /// <summary>One of the blocks that are to be emptied, or null.</summary>
    public readonly Block* FirstEmptying => (Block*)_heads[Emptying];

    /// <summary>Adds a block none of whose cells is in use.</summary>
    public void Add(Block* block)
    {
        Free += Cells;
        Place(block);
    }

    /// <summary>Takes a block out none of whose cells is in use.</summary>
    public void Remove(Block* block)
    {
        if (block->List != Emptying) Free -= Cells;
        Unlink(block);
    }

    /// <summary>Puts a block into the list that its number of cells in use says.</summary>
    public void Replace(Block* block)
    {
        Unlink(block);
        Place(block);
    }

    /// <summary>Lets no more cell come from a block.</summary>
    public void BeginEmptying(Block* block)
    {
        Unlink(block);
        Free -= Cells - block->Used;
        ToMove += block->Used;
        block->UpAt = int.MaxValue;
        block->DownAt = int.MinValue;
        Link(block, Emptying);
    }

    /// <summary>Lets cells come from a block again.</summary>
    public void EndEmptying(Block* block)
    {
        Unlink(block);
        Free += Cells - block->Used;
        ToMove -= block->Used;
        Place(block);
    }

    private void Place(Block* block)
    {
        var level = block->Used * Levels / Cells;
        block->DownAt = First(level);
        block->UpAt = First(level + 1);
        if (block->Used == Cells) block->List = Full;
        else Link(block, level);
    }

    /// <summary>The least number of cells in use of a level's blocks.</summary>
    private readonly int First(int level) => ((level * Cells) + Levels - 1) / Levels;

    private void Link(Block* block, int list)
    {
        block->List = list;
        block->Previous = null;
        block->Next = (Block*)_heads[list];
        if (block->Next != null) block->Next->Previous = block;
        _heads[list] = (ulong)block;
        if (list < Levels) _filled |= 1u << list;
    }

    private void Unlink(Block* block)
    {
        var list = block->List;
        if (list == Full) return;
        if (block->Next != null) block->Next->Previous = block->Previous;
        if (block->Previous != null) block->Previous->Next = block->Next;
        else if ((_heads[list] = (ulong)block->Next) == 0 && list < Levels) _filled &= ~(1u << list);
    }
}
