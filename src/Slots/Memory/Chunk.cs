using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>A piece of memory from the system that blocks are taken from.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Chunk
{
    /// <summary>Number of blocks in a chunk: 2 MiB, a huge page of the usual processors.</summary>
    public const int Blocks = 32;

    /// <summary>The next chunk of the same list.</summary>
    public Chunk* Next;

    /// <summary>The one before.</summary>
    public Chunk* Previous;

    /// <summary>The first block.</summary>
    public byte* Memory;

    /// <summary>One bit per block that is free.</summary>
    public uint Free;
}
