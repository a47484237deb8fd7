using System.Runtime.InteropServices;
using Starling.Slots.Keyspace;
using Starling.Slots.Memory;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// A large sorted set, as its root holds it: the table of its members, whose elements have the scores, and the tree of the
/// same elements in their order. Each member is stored once.
/// </summary>
internal unsafe ref struct LargeSortedSet
{
    private const ulong LargeBit = 1;
    private const int LeavesPerPage = 8;

    /// <summary>Trees of more levels stay where they are: going through them would hold the stripe for too long.</summary>
    private const int HighestMoved = 1;

    private readonly ref ValueRoot _root;

    public LargeSortedSet(ref ValueRoot root) => _root = ref root;

    /// <summary>The elements by member.</summary>
    public readonly ElementTable* Members => MembersOf(_root);

    /// <summary>The elements in order.</summary>
    public readonly ScoreNode* Tree
    {
        get => TreeOf(_root);
        private set => _root.Data = (ulong)value | LargeBit;
    }

    /// <summary>True when a root is one of a large set.</summary>
    public static bool Is(in ValueRoot root) => (root.Data & LargeBit) != 0;

    /// <summary>The elements of a large set by member.</summary>
    public static ElementTable* MembersOf(in ValueRoot root) => (ElementTable*)root.Address;

    /// <summary>The elements of a large set in order.</summary>
    public static ScoreNode* TreeOf(in ValueRoot root) => (ScoreNode*)(root.Data & ~LargeBit);

    /// <summary>Makes a set without elements.</summary>
    public static ValueRoot Make(in ValueMemory memory) =>
        Of(ElementTable.Make(memory), ScoreNode.Make(memory, 0));

    /// <summary>Makes a set like another one.</summary>
    public static ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root)
    {
        var members = ElementStorage.Duplicate(memory, MembersOf(root));
        return Of(members, ScoreTree.Duplicate(memory, TreeOf(root), members));
    }

    /// <summary>The pages of a set; see <see cref="ElementStorage.Pages"/>.</summary>
    public static long Pages(in ValueRoot root) => ElementStorage.Pages(MembersOf(root));

    /// <summary>Native bytes of a set, rounding included; see <see cref="ElementStorage.AllocatedBytes"/>.</summary>
    public static long AllocatedBytes(in ValueRoot root)
    {
        var members = MembersOf(root);
        return ElementStorage.AllocatedBytes(members) + ScoreTree.AllocatedBytes(TreeOf(root), ElementTable.Count(members));
    }

    /// <summary>How many elements come before one of the set.</summary>
    public static long RankOf(in ValueRoot root, Element element) => PathTo(TreeOf(root), element).Rank;

    /// <summary>Hands out some elements; see <see cref="ElementTable.Scan"/>.</summary>
    public static ulong Scan<TVisitor>(in ValueRoot root, ulong cursor, ref TVisitor visitor)
        where TVisitor : ISortedSetVisitor
    {
        var adapter = new Adapter<TVisitor>(visitor);
        cursor = ElementTable.Scan(MembersOf(root), cursor, ref adapter);
        visitor = adapter.Visitor;
        return cursor;
    }

    /// <summary>Adds an element; false when its member is there, and nothing has changed.</summary>
    public bool TryAdd(scoped in ValueMemory memory, scoped ReadOnlySpan<byte> member, double score)
    {
        if (!ElementTable.TryAdd(memory, Members, member, Bytes(in score), out var element)) return false;
        var tree = Tree;
        var path = ScorePath.To(tree, score, member);
        ScoreTree.Insert(memory, ref tree, path, new ScoreItem { Score = score, Element = element.Block });
        Tree = tree;
        return true;
    }

    /// <summary>Gives an element another score.</summary>
    public void Update(in ValueMemory memory, Element element, double score)
    {
        var tree = Tree;
        var path = PathTo(tree, element);
        var changed = ElementTable.Replace(memory, Members, element, Bytes(in score));
        var item = new ScoreItem { Score = score, Element = changed.Block };
        if (path.HasRoomFor(score, changed.Name))
        {
            ScoreTree.Replace(path, item);
            return;
        }

        ScoreTree.Remove(memory, ref tree, path, 1);
        ScoreTree.Insert(memory, ref tree, ScorePath.To(tree, score, changed.Name), item);
        Tree = tree;
    }

    /// <summary>Takes an element out.</summary>
    public void Remove(in ValueMemory memory, Element element)
    {
        var tree = Tree;
        ScoreTree.Remove(memory, ref tree, PathTo(tree, element), 1);
        Tree = tree;
        ElementTable.Remove(memory, Members, element.Name);
    }

    /// <summary>Takes elements out, but not all.</summary>
    public void Remove(in ValueMemory memory, long rank, long count)
    {
        var tree = Tree;
        while (count > 0)
        {
            var path = ScorePath.To(tree, rank);
            var here = (int)Math.Min(count, path.Leaf->Length - path.Index);
            for (var i = 0; i < here; i++)
                ElementTable.Remove(memory, Members, ScoreNode.Item(path.Leaf, path.Index + i)->Member);
            ScoreTree.Remove(memory, ref tree, path, here);
            count -= here;
        }

        Tree = tree;
    }

    /// <summary>Frees some pages, about; true when something is left.</summary>
    public bool FreeSome(in ValueMemory memory, int pages)
    {
        if (Tree != null)
        {
            var leaves = pages * LeavesPerPage;
            if (ScoreTree.FreeSome(memory, Tree, ref leaves)) Tree = null;
            return true;
        }

        return ElementStorage.FreeSome(memory, Members, pages);
    }

    /// <summary>Moves the nodes and elements of a set that is not too large, where they lie badly.</summary>
    public static void Relocate(ref BlockMover mover, ref ValueRoot root)
    {
        if (TreeOf(root)->Level <= HighestMoved) root = Of(MembersOf(root), Relocate(ref mover, MembersOf(root), TreeOf(root)));
    }

    /// <summary>The root of a table and the tree of its elements.</summary>
    public static ValueRoot Of(ElementTable* members, ScoreNode* tree) =>
        new() { Address = (byte*)members, Data = (ulong)tree | LargeBit };

    /// <summary>A score as an element of the table holds it.</summary>
    public static ReadOnlySpan<byte> Bytes(in double score) => MemoryMarshal.AsBytes(new ReadOnlySpan<double>(in score));

    private static ScorePath PathTo(ScoreNode* tree, Element element)
    {
        var path = ScorePath.To(tree, element.Score, element.Name);
        Invariant.That(path.Index < path.Leaf->Length && path.Item->Element == element.Block);
        return path;
    }

    private static ScoreNode* Relocate(ref BlockMover mover, ElementTable* members, ScoreNode* node)
    {
        var address = (byte*)node;
        mover.TryMove(ref address, ScoreNode.Bytes);
        node = (ScoreNode*)address;
        for (var i = 0; i < node->Length && !mover.IsTired; i++)
        {
            if (node->Level == 0)
            {
                Relocate(ref mover, members, ref ScoreNode.Item(node, i)->Element);
                continue;
            }

            var slot = ScoreNode.Slot(node, i);
            slot->Node = Relocate(ref mover, members, slot->Node);
            slot->First = ScoreNode.First(slot->Node);
        }

        return node;
    }

    private static void Relocate(ref BlockMover mover, ElementTable* members, ref byte* element)
    {
        var member = EntryBlock.Key(element);
        var cell = SlotTable.Find(&members->Root, members->Hash.Of(member), member);
        if (mover.TryMove(ref element, EntryBlock.Size(element))) SlotTable.Redirect(cell, element);
    }

    private struct Adapter<TVisitor>(TVisitor visitor) : IElementReceiver
        where TVisitor : ISortedSetVisitor
    {
        public TVisitor Visitor = visitor;

        public void Receive(in Element element) =>
            Visitor.Visit(new SortedSetElement(new ListElement(element.Name), element.Score, isPacked: false));
    }
}
