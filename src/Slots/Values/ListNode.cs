using System.Runtime.InteropServices;
using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>
/// A block that holds a part of a list, or a small one whole: a listpack, or one large element as it is. Its content
/// may have free room before and behind it, so that elements come and go at both ends without moving the others. The
/// content starts behind this header.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ListNode
{
    private const int HeaderBytes = 16;
    private const int MostSlack = 1024;
    private const int SmallBlock = 128;
    private const uint PlainBit = 1;

    private int _capacity;
    private int _start;
    private int _length;
    private uint _countAndKind;

    /// <summary>The node is one large element, no listpack.</summary>
    public readonly bool IsPlain => (_countAndKind & PlainBit) != 0;

    /// <summary>Number of elements.</summary>
    public readonly int Count => (int)(_countAndKind >> 1);

    /// <summary>Bytes of the content.</summary>
    public readonly int Length => _length;

    /// <summary>Native bytes of the node, rounding included.</summary>
    public readonly long AllocatedBytes => NativeHeap.CountedBytes(HeaderBytes + (long)_capacity);

    /// <summary>The content of a node.</summary>
    public static byte* Content(ListNode* node) => (byte*)node + HeaderBytes + node->_start;

    /// <summary>The content of a node.</summary>
    public static ReadOnlySpan<byte> Bytes(ListNode* node) => new(Content(node), node->_length);

    /// <summary>Makes a listpack without elements.</summary>
    /// <param name="memory">Where the block comes from.</param>
    /// <param name="room">Bytes of entries to have room for.</param>
    public static ListNode* MakeEmpty(in ValueMemory memory, int room)
    {
        var node = Make(memory, Listpack.EmptyBytes, 0, room);
        Content(node)[Listpack.HeaderBytes] = Listpack.End;
        SetCount(node, 0);
        return node;
    }

    /// <summary>Makes a node of bytes: one large element, or a listpack that is sound.</summary>
    /// <param name="memory">Where the block comes from.</param>
    /// <param name="content">The bytes.</param>
    /// <param name="count">The number of elements of a listpack; 0 for a large element.</param>
    public static ListNode* MakeOf(in ValueMemory memory, ReadOnlySpan<byte> content, int count)
    {
        var node = Make(memory, content.Length, 0, 0);
        content.CopyTo(new Span<byte>(Content(node), content.Length));
        node->_countAndKind = count == 0 ? (1 << 1) | PlainBit : (uint)count << 1;
        return node;
    }

    /// <summary>Makes a node like another one.</summary>
    public static ListNode* Duplicate(in ValueMemory memory, ListNode* node)
    {
        var copy = MakeOf(memory, Bytes(node), 0);
        copy->_countAndKind = node->_countAndKind;
        return copy;
    }

    /// <summary>Moves a node when it lies badly.</summary>
    public static void Relocate(ref BlockMover mover, ref byte* node) =>
        mover.TryMove(ref node, HeaderBytes + (long)((ListNode*)node)->_capacity);

    /// <summary>Frees a node.</summary>
    public static void Free(in ValueMemory memory, ListNode* node) =>
        memory.Free((byte*)node, HeaderBytes + (long)node->_capacity);

    /// <summary>Puts an element into a listpack at a place between entries.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="node">The node; may move.</param>
    /// <param name="at">The offset of the entry that will come behind it, or of the end.</param>
    /// <param name="element">The element; does not lie in this node.</param>
    public static void Insert(in ValueMemory memory, ref ListNode* node, int at, ReadOnlySpan<byte> element)
    {
        var length = checked((int)Listpack.EntryLength(element));
        Splice(memory, ref node, at, 0, length);
        Listpack.Write(Content(node) + at, element);
        SetCount(node, node->Count + 1);
    }

    /// <summary>
    /// As <see cref="Insert"/>, of two elements, one behind the other; makes no room for later: for small values, of which
    /// there are many.
    /// </summary>
    public static void InsertPair(
        in ValueMemory memory, ref ListNode* node, int at, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var length = checked((int)Listpack.EntryLength(first));
        var added = checked(length + (int)Listpack.EntryLength(second));
        if (added > Math.Max(node->_start, node->_capacity - node->_start - node->_length))
            Resize(memory, ref node, node->_length, 0, added);
        Splice(memory, ref node, at, 0, added);
        Listpack.Write(Content(node) + at, first);
        Listpack.Write(Content(node) + at + length, second);
        SetCount(node, node->Count + 2);
    }

    /// <summary>Puts an element in the place of another one of a listpack.</summary>
    public static void Replace(in ValueMemory memory, ref ListNode* node, int at, ReadOnlySpan<byte> element)
    {
        var length = checked((int)Listpack.EntryLength(element));
        Splice(memory, ref node, at, Listpack.EntryLength(Content(node) + at), length);
        Listpack.Write(Content(node) + at, element);
        SetCount(node, node->Count);
    }

    /// <summary>Takes entries out of a listpack.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="node">The node; may move.</param>
    /// <param name="from">The offset of the first entry.</param>
    /// <param name="end">The offset behind the last one.</param>
    /// <param name="count">Their number.</param>
    public static void Remove(in ValueMemory memory, ref ListNode* node, int from, int end, int count)
    {
        Splice(memory, ref node, from, end - from, 0);
        SetCount(node, node->Count - count);
        if (node->_capacity > SmallBlock && node->_length < node->_capacity / 4)
            Resize(memory, ref node, node->_length, 0, 0);
    }

    /// <summary>Moves the entries from an offset on to a new listpack.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="node">The node; may move.</param>
    /// <param name="at">The offset of the first entry that moves.</param>
    /// <param name="count">The number of those that stay.</param>
    public static ListNode* Split(in ValueMemory memory, ref ListNode* node, int at, int count)
    {
        var moved = node->_length - 1 - at;
        var right = MakeEmpty(memory, moved);
        Splice(memory, ref right, Listpack.HeaderBytes, 0, moved);
        Buffer.MemoryCopy(Content(node) + at, Content(right) + Listpack.HeaderBytes, moved, moved);
        SetCount(right, node->Count - count);
        Remove(memory, ref node, at, at + moved, node->Count - count);
        return right;
    }

    /// <summary>Puts the entries of another listpack behind those of this one.</summary>
    public static void Append(in ValueMemory memory, ref ListNode* node, ListNode* other)
    {
        var at = node->_length - 1;
        var added = other->_length - Listpack.EmptyBytes;
        Splice(memory, ref node, at, 0, added);
        Buffer.MemoryCopy(Content(other) + Listpack.HeaderBytes, Content(node) + at, added, added);
        SetCount(node, node->Count + other->Count);
    }

    /// <summary>Gives back free room that the node will hardly need: it is not at an end of its list any more.</summary>
    public static void Fit(in ValueMemory memory, ref ListNode* node)
    {
        if (node->_capacity - node->_length > node->_length / 16) Resize(memory, ref node, node->_length, 0, 0);
    }

    /// <summary>The offset of an entry of a listpack.</summary>
    /// <param name="node">The node.</param>
    /// <param name="index">0 up to the number of elements: the last is the end.</param>
    public static int OffsetOf(ListNode* node, int index)
    {
        var content = Content(node);
        if (index <= node->Count / 2)
        {
            var at = content + Listpack.HeaderBytes;
            for (; index > 0; index--) at += Listpack.EntryLength(at);
            return (int)(at - content);
        }

        var end = content + node->_length - 1;
        for (var left = node->Count - index; left > 0; left--) end -= Listpack.EntryLengthBefore(end);
        return (int)(end - content);
    }

    private static ListNode* Make(in ValueMemory memory, int length, int front, int back)
    {
        var capacity = Usable((long)length + front + back);
        var node = (ListNode*)memory.Allocate(HeaderBytes + (long)capacity);
        *node = new ListNode { _capacity = capacity, _start = front, _length = length };
        return node;
    }

    private static int Usable(long capacity) =>
        (int)Math.Min(Array.MaxLength, NativeHeap.UsableBytes(HeaderBytes + capacity) - HeaderBytes);

    /// <summary>
    /// Replaces bytes of the content by others, which are left undefined: moves what is before or what is behind,
    /// whichever is less, if there is room on that side.
    /// </summary>
    private static void Splice(in ValueMemory memory, ref ListNode* node, int at, int removed, int added)
    {
        var delta = added - removed;
        if (delta == 0) return;
        var behind = node->_length - at - removed;
        var back = node->_capacity - node->_start - node->_length;
        if (delta > Math.Max(back, node->_start))
        {
            Grow(memory, ref node, at, delta);
            back = node->_capacity - node->_start - node->_length;
        }

        var content = Content(node);
        var moveFront = at < behind ? node->_start >= delta : back < delta;
        if (moveFront)
        {
            Buffer.MemoryCopy(content, content - delta, at, at);
            node->_start -= delta;
        }
        else
        {
            Buffer.MemoryCopy(content + at + removed, content + at + added, behind, behind);
        }

        node->_length += delta;
    }

    /// <summary>Makes room for more bytes, some of it for later, on the side where they come.</summary>
    private static void Grow(in ValueMemory memory, ref ListNode* node, int at, int delta)
    {
        var room = (int)Math.Min(
            (long)delta + Math.Min(node->_length / 2, MostSlack), Array.MaxLength - HeaderBytes - (long)node->_length);
        Invariant.That(room >= delta);
        var atFront = at < node->_length - at;
        Resize(memory, ref node, node->_length, atFront ? room : 0, atFront ? 0 : room);
    }

    private static void Resize(in ValueMemory memory, ref ListNode* node, int length, int front, int back)
    {
        var resized = Make(memory, length, front, back);
        if (front > 0) resized->_start = resized->_capacity - length;
        resized->_countAndKind = node->_countAndKind;
        Buffer.MemoryCopy(Content(node), Content(resized), length, length);
        Free(memory, node);
        node = resized;
    }

    /// <summary>Sets the number of elements here and in the listpack.</summary>
    private static void SetCount(ListNode* node, int count)
    {
        node->_countAndKind = (uint)count << 1;
        Listpack.WriteHeader(Content(node), node->_length, count);
    }
}
