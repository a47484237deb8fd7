using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>A piece of memory from the system that blocks are taken from.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Chunk
{
    /// <summary>Number of blocks in a chunk: 2 MiB, a huge page of the usual processors.</summary>
    public const int Blocks = 32;

    /// <summary>What <see cref="Free"/> says when no block is in use.</summary>
    public const uint AllFree = uint.MaxValue;

    /// <summary>The next chunk with as many free blocks.</summary>
    public Chunk* Next;

    /// <summary>The one before.</summary>
    public Chunk* Previous;

    /// <summary>The next chunk with free blocks that the system has given memory for; see <see cref="Idle"/>.</summary>
    public Chunk* NextIdle;

    /// <summary>The one before.</summary>
    public Chunk* PreviousIdle;

    /// <summary>The first block.</summary>
    public byte* Memory;

    /// <summary>One bit per block that is free.</summary>
    public uint Free;

    /// <summary>One bit per free block whose memory is the system's: never touched, or given back.</summary>
    public uint Untouched;

    /// <summary>Whether the chunk asked the system for a huge page.</summary>
    public bool IsHuge;

    /// <summary>One bit per free block that takes memory for nothing.</summary>
    public readonly uint Idle => Free & ~Untouched;
}
