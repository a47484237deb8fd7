namespace Starling.Slots.Values;

/// <summary>The root of a list: a small one is one listpack, a large one a tree of nodes.</summary>
internal static unsafe class ListRoot
{
    private const ulong TreeBit = 1;

    /// <summary>The root leads to a tree.</summary>
    public static bool IsTree(in ValueRoot root) => (root.Data & TreeBit) != 0;

    /// <summary>Number of elements.</summary>
    public static long Count(in ValueRoot root) => (long)(root.Data >> 1);

    /// <summary>Says how many elements there are.</summary>
    public static void SetCount(ref ValueRoot root, long count) =>
        root.Data = (ulong)count << 1 | root.Data & TreeBit;

    /// <summary>The listpack of a small list.</summary>
    public static ListNode* Node(in ValueRoot root) => (ListNode*)root.Address;

    /// <summary>The topmost branch of a large list.</summary>
    public static ListBranch* Tree(in ValueRoot root) => (ListBranch*)root.Address;

    /// <summary>The root of a small list.</summary>
    public static ValueRoot OfNode(ListNode* node) =>
        new() { Address = (byte*)node, Data = (ulong)node->Count << 1 };

    /// <summary>The root of a large list.</summary>
    public static ValueRoot OfTree(ListBranch* tree, long count) =>
        new() { Address = (byte*)tree, Data = (ulong)count << 1 | TreeBit };

    /// <summary>Frees everything.</summary>
    public static void Free(in ValueMemory memory, in ValueRoot root)
    {
        if (IsTree(root)) ListTree.Free(memory, Tree(root));
        else ListNode.Free(memory, Node(root));
    }
}
