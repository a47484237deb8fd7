namespace Starling.Slots.Memory;

/// <summary>
/// The cell sizes of <see cref="NativeHeap"/>: steps of 8 bytes up to 512, of 32 up to 1024, of 64 up to 2048, then the
/// sizes of which 31, 30, ... 8 fill a block. A size that is a multiple of 64 up to 2048 gets exactly its size and lies
/// on a cache line.
/// </summary>
internal static class SizeClass
{
    /// <summary>Bytes of a block; blocks are aligned to their size.</summary>
    public const int BlockBytes = 1 << 16;

    /// <summary>Bytes at the start of a block that hold its header.</summary>
    public const int HeaderBytes = 64;

    /// <summary>The largest cell; what is larger is no cell but an allocation of its own.</summary>
    public const int LargestBytes = (BlockBytes - HeaderBytes) / 8 & ~63;

    private static readonly ushort[] Sizes = MakeSizes();

    private static readonly byte[] ClassBySize = MakeClassBySize();

    /// <summary>Number of classes.</summary>
    public static int Count => Sizes.Length;

    /// <summary>The class for a size of 0..<see cref="LargestBytes"/> bytes.</summary>
    public static int Of(int bytes) => ClassBySize[(bytes + 7) >> 3];

    /// <summary>Bytes of a cell of a class.</summary>
    public static int BytesOf(int sizeClass) => Sizes[sizeClass];

    /// <summary>Number of cells of a class in one block.</summary>
    public static int CellsPerBlock(int sizeClass) => (BlockBytes - HeaderBytes) / Sizes[sizeClass];

    private static ushort[] MakeSizes()
    {
        var sizes = new List<ushort>();
        for (var size = 8; size <= 512; size += 8) sizes.Add((ushort)size);
        for (var size = 544; size <= 1024; size += 32) sizes.Add((ushort)size);
        for (var size = 1088; size <= 2048; size += 64) sizes.Add((ushort)size);
        for (var cells = 31; cells >= 8; cells--) sizes.Add((ushort)((BlockBytes - HeaderBytes) / cells & ~63));
        return sizes.ToArray();
    }

    private static byte[] MakeClassBySize()
    {
        var classes = new byte[(LargestBytes >> 3) + 1];
        var current = 0;
        for (var i = 0; i < classes.Length; i++)
        {
            if (Sizes[current] < i << 3) current++;
            classes[i] = (byte)current;
        }

        return classes;
    }
}
