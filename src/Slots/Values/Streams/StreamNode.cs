using System.Runtime.InteropServices;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// A block with entries of a stream, as a listpack of Redis's layout: number of live entries, of deleted ones, of the
/// fields of the first entry, these fields, 0; then of each entry: flags, the differences of both parts of its id to
/// that of the node, the fields with their number unless they are the node's, the values, and how many of these
/// elements there are. A full node may be packed: without all that follows from the rest (<see cref="NodePacking"/>).
/// The content starts behind this header.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StreamNode
{
    private const int HeaderBytes = 8;
    private const uint PackedBit = 1u << 31;

    private uint _capacity;
    private int _length;

    /// <summary>The content is packed.</summary>
    public readonly bool IsPacked => (_capacity & PackedBit) != 0;

    /// <summary>Bytes of the content.</summary>
    public readonly int Length => _length;

    /// <summary>Bytes of the block.</summary>
    public readonly long BlockBytes => HeaderBytes + Capacity;

    private readonly long Capacity => _capacity & ~PackedBit;

    /// <summary>The content of a node.</summary>
    public static byte* Content(StreamNode* node) => (byte*)node + HeaderBytes;

    /// <summary>The content of a node.</summary>
    public static ReadOnlySpan<byte> Bytes(StreamNode* node) => new(Content(node), node->_length);

    /// <summary>Makes a node with content that is left undefined.</summary>
    /// <param name="memory">Where the block comes from.</param>
    /// <param name="length">Bytes of the content.</param>
    /// <param name="isPacked">The content will be packed.</param>
    public static StreamNode* Make(ref StreamMemory memory, int length, bool isPacked = false)
    {
        var capacity = Usable(length);
        var node = (StreamNode*)memory.Allocate(HeaderBytes + (long)capacity);
        node->_capacity = (uint)capacity | (isPacked ? PackedBit : 0);
        node->_length = length;
        return node;
    }

    /// <summary>Makes a node of a listpack.</summary>
    public static StreamNode* MakeOf(ref StreamMemory memory, ReadOnlySpan<byte> listpack)
    {
        var node = Make(ref memory, listpack.Length);
        listpack.CopyTo(new Span<byte>(Content(node), listpack.Length));
        return node;
    }

    /// <summary>Makes a node like another one.</summary>
    public static StreamNode* Duplicate(ref StreamMemory memory, StreamNode* node)
    {
        var copy = Make(ref memory, node->_length, node->IsPacked);
        Buffer.MemoryCopy(Content(node), Content(copy), node->_length, node->_length);
        return copy;
    }

    /// <summary>Frees a node.</summary>
    public static void Free(ref StreamMemory memory, StreamNode* node) => memory.Free(node, node->BlockBytes);

    /// <summary>Moves a node when it lies badly.</summary>
    public static void Relocate(ref BlockMover mover, ref StreamNode* node)
    {
        var address = (byte*)node;
        mover.TryMove(ref address, node->BlockBytes);
        node = (StreamNode*)address;
    }

    /// <summary>Replaces bytes of the content by others, which are left undefined.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="node">The node, which no snapshot shares; may move.</param>
    /// <param name="at">Offset of the first one.</param>
    /// <param name="removed">How many go.</param>
    /// <param name="added">How many come.</param>
    /// <param name="spare">Room for more bytes if the node must move.</param>
    public static void Splice(
        ref StreamMemory memory, ref StreamNode* node, int at, int removed, int added, int spare = 0)
    {
        var length = node->_length + added - removed;
        if (length > node->Capacity)
        {
            var grown = Make(ref memory, length + spare, node->IsPacked);
            Buffer.MemoryCopy(Content(node), Content(grown), node->_length, node->_length);
            grown->_length = node->_length;
            Free(ref memory, node);
            node = grown;
        }

        var content = Content(node);
        var behind = node->_length - at - removed;
        if (added != removed) Buffer.MemoryCopy(content + at + removed, content + at + added, behind, behind);
        node->_length = length;
    }

    /// <summary>Gives back free room that the node will not need.</summary>
    public static void Fit(ref StreamMemory memory, ref StreamNode* node)
    {
        if (Usable(node->_length) >= node->Capacity) return;
        var fitting = Duplicate(ref memory, node);
        Free(ref memory, node);
        node = fitting;
    }

    private static int Usable(long length) =>
        (int)Math.Min(int.MaxValue - HeaderBytes, NativeHeap.UsableBytes(HeaderBytes + length) - HeaderBytes);
}
