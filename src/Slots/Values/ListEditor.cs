namespace Starling.Slots.Values;

/// <summary>
/// Changes a list, and its encoding as it grows and shrinks: by the rules of Redis 7.2, so that OBJECT ENCODING says
/// the same. The list never becomes empty here: who would take the last element frees it instead.
/// </summary>
internal unsafe ref struct ListEditor
{
    private readonly ValueMemory _memory;
    private readonly ListLimits _limits;
    private readonly ref ValueRoot _root;

    public ListEditor(scoped in ValueMemory memory, ValueOptions options, ref ValueRoot root)
    {
        _memory = memory;
        _limits = new ListLimits(options);
        _root = ref root;
    }

    private readonly long Count => ListRoot.Count(_root);

    /// <summary>Makes a list of one element.</summary>
    public static ValueRoot Make(in ValueMemory memory, ValueOptions options, ReadOnlySpan<byte> element)
    {
        var limits = new ListLimits(options);
        if (!limits.Forbid(Listpack.EmptyBytes + (long)element.Length, 1))
            return ListRoot.OfNode(MakeListpack(memory, element));
        var node = limits.IsLarge(element.Length)
            ? ListNode.MakeOf(memory, element, 0)
            : MakeListpack(memory, element);
        return ListRoot.OfTree(ListTree.Make(memory, node), 1);
    }

    /// <summary>Adds an element at an end.</summary>
    public readonly void Push(ReadOnlySpan<byte> element, bool atHead)
    {
        if (MayStayListpack(element))
        {
            var small = OwnSmall();
            ListNode.Insert(_memory, ref small, atHead ? Listpack.HeaderBytes : small->Length - 1, element);
            _root.Address = (byte*)small;
        }
        else
        {
            var tree = ListRoot.Tree(_root);
            PushToTree(atHead ? ListPath.ToFirst(tree) : ListPath.ToLast(tree), element, atHead);
        }

        ListRoot.SetCount(ref _root, Count + 1);
    }

    /// <summary>Adds a whole node, which is the list's from then on, at the tail.</summary>
    public readonly void Append(ListNode* node)
    {
        var count = Count + node->Count;
        var path = ListPath.ToLast(ListRoot.Tree(_root));
        Own(ref path);
        InsertNode(path, after: true, node);
        ListRoot.SetCount(ref _root, count);
    }

    /// <summary>Puts an element at an index, 0 up to the number of elements.</summary>
    public readonly void Insert(long index, ReadOnlySpan<byte> element)
    {
        if (index == 0 || index == Count)
        {
            Push(element, atHead: index == 0);
            return;
        }

        if (MayStayListpack(element))
        {
            var small = OwnSmall();
            ListNode.Insert(_memory, ref small, ListNode.OffsetOf(small, (int)index), element);
            _root.Address = (byte*)small;
        }
        else
        {
            InsertIntoTree(index, element);
        }

        ListRoot.SetCount(ref _root, Count + 1);
    }

    /// <summary>Replaces the element at an index.</summary>
    public readonly void Set(long index, ReadOnlySpan<byte> element)
    {
        if (MayStayListpack(element))
        {
            var small = OwnSmall();
            ListNode.Replace(_memory, ref small, ListNode.OffsetOf(small, (int)index), element);
            _root.Address = (byte*)small;
            return;
        }

        SetInTree(index, element);
        MergeAround(index);
        Shrink();
    }

    /// <summary>Takes out elements, but not all.</summary>
    public readonly void Remove(long index, long count)
    {
        Invariant.That(index >= 0 && count > 0 && count < Count && index + count <= Count);
        var left = Count - count;
        while (count > 0)
        {
            if (!ListRoot.IsTree(_root))
            {
                var small = OwnSmall();
                RemoveEntries(ref small, (int)index, (int)count);
                _root.Address = (byte*)small;
                break;
            }

            var inNode = index;
            var path = ListPath.To(ListRoot.Tree(_root), ref inNode, left + count);
            Own(ref path);
            var node = path.Node;
            var here = (int)Math.Min(count, node->Count - inNode);
            count -= here;
            if (here == node->Count)
            {
                RemoveNode(path);
                continue;
            }

            RemoveEntries(ref node, (int)inNode, here);
            ListTree.Update(path, node);

            // The usual case, an element of an end: the node is still too long to be joined with another one.
            if (count == 0 && !_limits.AreFarFrom(node->Length, node->Count))
            {
                ListRoot.SetCount(ref _root, left);
                return;
            }
        }

        ListRoot.SetCount(ref _root, left);
        MergeAround(Math.Min(index, left - 1));
        Shrink();
    }

    /// <summary>
    /// Takes out elements that are equal to one, from an index on in one direction. When none is left the list is to be
    /// freed: nothing else may be done with it.
    /// </summary>
    /// <param name="needle">What is looked for.</param>
    /// <param name="index">The first one that is looked at.</param>
    /// <param name="limit">The most that are taken out.</param>
    /// <param name="backward">Goes towards the head.</param>
    /// <returns>How many were taken out.</returns>
    public readonly long RemoveEqual(scoped in ListNeedle needle, long index, long limit, bool backward)
    {
        var removed = 0L;
        while (removed < limit && index >= 0 && index < Count)
        {
            var inNode = index;
            var isTree = ListRoot.IsTree(_root);
            var path = isTree ? ListPath.To(ListRoot.Tree(_root), ref inNode) : default;
            var node = isTree ? path.Node : ListRoot.Node(_root);
            if (_memory.HasViews && HasEqual(node, needle, (int)inNode, backward))
            {
                if (isTree) Own(ref path);
                node = isTree ? path.Node : OwnSmall();
            }

            var looked = node->IsPlain ? 1 : backward ? (int)inNode + 1 : node->Count - (int)inNode;
            var here = (int)Math.Min(limit - removed, int.MaxValue);
            here = node->IsPlain
                ? (new ListElement(ListNode.Bytes(node)).Equals(needle) ? 1 : 0)
                : RemoveEqualInNode(ref node, needle, (int)inNode, here, backward);
            removed += here;
            index += backward ? -looked : looked - here;
            if (here == 0) continue;
            ListRoot.SetCount(ref _root, Count - here);
            if (!isTree) _root.Address = (byte*)node;
            else if (!node->IsPlain) ListTree.Update(path, node);
            if (Count == 0) return removed;
            if (isTree && (node->IsPlain || node->Count == 0)) RemoveNode(path);
            MergeAround(Math.Clamp(backward ? index + 1 : index - 1, 0, Count - 1));
        }

        Shrink();
        return removed;
    }

    /// <summary>Makes a list that was read from somewhere a small one if it is small enough.</summary>
    public readonly void Settle()
    {
        if (TryOnlyListpack(out var node) && _limits.Allow(node->Length, node->Count)) Unwrap(node);
    }

    private static ListNode* MakeListpack(in ValueMemory memory, ReadOnlySpan<byte> element)
    {
        var node = ListNode.MakeEmpty(memory, checked((int)Listpack.EntryLength(element)));
        ListNode.Insert(memory, ref node, Listpack.HeaderBytes, element);
        return node;
    }

    private readonly ListNode* MakeNode(ReadOnlySpan<byte> element) =>
        _limits.IsLarge(element.Length) ? ListNode.MakeOf(_memory, element, 0) : MakeListpack(_memory, element);

    /// <summary>
    /// True when the list is one listpack and stays it with one more element; else it is a tree from now on.
    /// </summary>
    private readonly bool MayStayListpack(ReadOnlySpan<byte> element)
    {
        if (ListRoot.IsTree(_root)) return false;
        var node = ListRoot.Node(_root);
        if (!_limits.Forbid((long)node->Length + element.Length, node->Count + 1L)) return true;
        _root = ListRoot.OfTree(ListTree.Make(_memory, node), Count);
        return false;
    }

    private readonly bool HasRoom(ListNode* node, ReadOnlySpan<byte> element) =>
        !node->IsPlain && !_limits.IsLarge(element.Length)
        && !_limits.Forbid(node->Length + Listpack.EntryLength(element), node->Count + 1L);

    private readonly void PushToTree(scoped in ListPath path, ReadOnlySpan<byte> element, bool atHead)
    {
        if (!_memory.HasViews)
        {
            PushToOwned(path, element, atHead);
            return;
        }

        var own = path;
        Own(ref own);
        PushToOwned(own, element, atHead);
    }

    private readonly void PushToOwned(scoped in ListPath path, ReadOnlySpan<byte> element, bool atHead)
    {
        var node = path.Node;
        if (HasRoom(node, element))
        {
            ListNode.Insert(_memory, ref node, atHead ? Listpack.HeaderBytes : node->Length - 1, element);
            ListTree.Update(path, node);
            return;
        }

        if (!node->IsPlain)
        {
            ListNode.Fit(_memory, ref node);
            ListTree.Update(path, node);
        }

        InsertNode(path, after: !atHead, MakeNode(element));
    }

    /// <summary>Puts an element before the one at an index.</summary>
    private readonly void InsertIntoTree(long index, ReadOnlySpan<byte> element)
    {
        var inNode = index;
        var path = ListPath.To(ListRoot.Tree(_root), ref inNode);
        Own(ref path);
        var node = path.Node;
        if (HasRoom(node, element))
        {
            ListNode.Insert(_memory, ref node, ListNode.OffsetOf(node, (int)inNode), element);
            ListTree.Update(path, node);
            return;
        }

        if (inNode > 0)
        {
            var right = ListNode.Split(_memory, ref node, ListNode.OffsetOf(node, (int)inNode), (int)inNode);
            ListTree.Update(path, node);
            InsertNode(path, after: true, right);
            inNode = index;
            path = ListPath.To(ListRoot.Tree(_root), ref inNode);
            Own(ref path);
            node = path.Node;
            if (HasRoom(node, element))
            {
                ListNode.Insert(_memory, ref node, Listpack.HeaderBytes, element);
                ListTree.Update(path, node);
                return;
            }
        }

        // Between two nodes: at the end of the one before if it has room, else in a node of its own.
        var before = path;
        if (before.TryPrevious()) PushToTree(before, element, atHead: false);
        else InsertNode(path, after: false, MakeNode(element));
    }

    private readonly void SetInTree(long index, ReadOnlySpan<byte> element)
    {
        var inNode = index;
        var path = ListPath.To(ListRoot.Tree(_root), ref inNode);
        Own(ref path);
        var node = path.Node;
        if (node->IsPlain || (node->Count == 1 && _limits.IsLarge(element.Length)))
        {
            var made = MakeNode(element);
            ListNode.Free(_memory, node);
            ListTree.Update(path, made);
            return;
        }

        var at = ListNode.OffsetOf(node, (int)inNode);
        var old = Listpack.EntryLength(ListNode.Content(node) + at);
        var length = node->Length - old + Listpack.EntryLength(element);
        if (!_limits.IsLarge(element.Length) && (node->Count == 1 || !_limits.Forbid(length, node->Count)))
        {
            ListNode.Replace(_memory, ref node, at, element);
            ListTree.Update(path, node);
            return;
        }

        // The node has others: this one goes, and the new one comes where it was.
        ListNode.Remove(_memory, ref node, at, at + old, 1);
        ListTree.Update(path, node);
        if (index < Count - 1) InsertIntoTree(index, element);
        else PushToTree(ListPath.ToLast(ListRoot.Tree(_root)), element, atHead: false);
    }

    private readonly void RemoveEntries(ref ListNode* node, int index, int count)
    {
        var from = ListNode.OffsetOf(node, index);
        ListNode.Remove(_memory, ref node, from, ListNode.OffsetOf(node, index + count), count);
    }

    private readonly int RemoveEqualInNode(
        ref ListNode* node, scoped in ListNeedle needle, int index, int limit, bool backward)
    {
        var removed = 0;
        var at = ListNode.OffsetOf(node, index);
        while (true)
        {
            var length = Listpack.EntryLength(ListNode.Content(node) + at);
            var isEqual = Listpack.Read(ListNode.Content(node) + at).Equals(needle);
            if (isEqual)
            {
                ListNode.Remove(_memory, ref node, at, at + length, 1);
                if (++removed == limit) return removed;
            }

            if (backward)
            {
                if (index-- == 0) return removed;
                at -= Listpack.EntryLengthBefore(ListNode.Content(node) + at);
            }
            else
            {
                if (!isEqual)
                {
                    at += length;
                    index++;
                }

                if (index == node->Count) return removed;
            }
        }
    }

    /// <summary>Lets a snapshot keep what it shares of the way to a node: the path leads through copies then.</summary>
    private readonly void Own(ref ListPath path)
    {
        if (!_memory.HasViews) return;
        var tree = ListRoot.Tree(_root);
        ListTree.Own(_memory, ref tree, ref path);
        _root.Address = (byte*)tree;
    }

    /// <summary>The listpack of a small list, which may have been a part of a large one that a snapshot has.</summary>
    private readonly ListNode* OwnSmall()
    {
        var node = ListTree.Own(_memory, ListRoot.Node(_root));
        _root.Address = (byte*)node;
        return node;
    }

    /// <summary>True when there is an equal element from an index of a node on.</summary>
    private static bool HasEqual(ListNode* node, scoped in ListNeedle needle, int index, bool backward)
    {
        if (node->IsPlain) return new ListElement(ListNode.Bytes(node)).Equals(needle);
        var at = ListNode.OffsetOf(node, index);
        while (true)
        {
            var entry = ListNode.Content(node) + at;
            if (Listpack.Read(entry).Equals(needle)) return true;
            index += backward ? -1 : 1;
            if (index < 0 || index == node->Count) return false;
            at += backward ? -Listpack.EntryLengthBefore(entry) : Listpack.EntryLength(entry);
        }
    }

    /// <summary>
    /// Lets the node of an element and the one beside it become one if they are small: what a long list leaves when it
    /// shrinks anywhere takes little room, and becomes a small list.
    /// </summary>
    private readonly void MergeAround(long index)
    {
        if (!ListRoot.IsTree(_root)) return;
        var path = ListPath.To(ListRoot.Tree(_root), ref index);
        if (!_limits.AreFarFrom(path.Node->Length, path.Node->Count)) return;
        var beside = path;
        if (beside.TryNext() && MayMerge(path.Node, beside.Node))
        {
            MergeWithNext(path);
            return;
        }

        beside = path;
        if (beside.TryPrevious() && MayMerge(beside.Node, path.Node)) MergeWithNext(beside);
    }

    private readonly bool MayMerge(ListNode* left, ListNode* right)
    {
        var bytes = (long)left->Length + right->Length;
        var count = (long)left->Count + right->Count;
        return !left->IsPlain && !right->IsPlain
            && !_limits.Forbid(bytes, count) && _limits.AreFarFrom(bytes, count);
    }

    private readonly void MergeWithNext(ListPath left)
    {
        // First this one, whose branches may be the next one's too: a path through former branches would be lost.
        Own(ref left);
        var right = left;
        Invariant.That(right.TryNext());
        Own(ref right);
        var node = left.Node;
        ListNode.Append(_memory, ref node, right.Node);
        ListTree.Update(left, node);
        RemoveNode(right);
    }

    private readonly void InsertNode(scoped in ListPath path, bool after, ListNode* node)
    {
        var tree = ListRoot.Tree(_root);
        ListTree.InsertNode(_memory, ref tree, path, after, node);
        _root.Address = (byte*)tree;
    }

    private readonly void RemoveNode(scoped in ListPath path)
    {
        var tree = ListRoot.Tree(_root);
        ListTree.RemoveNode(_memory, ref tree, path);
        _root.Address = (byte*)tree;
    }

    /// <summary>Makes the list one listpack again when it has shrunk far enough.</summary>
    private readonly void Shrink()
    {
        if (TryOnlyListpack(out var node) && _limits.AreFarFrom(node->Length, node->Count)) Unwrap(node);
    }

    private readonly bool TryOnlyListpack(out ListNode* node)
    {
        node = null;
        if (!ListRoot.IsTree(_root)) return false;
        var tree = ListRoot.Tree(_root);
        if (tree->Level > 0 || tree->Length > 1) return false;
        node = ListBranch.Slot(tree, 0)->Node;
        return !node->IsPlain;
    }

    private readonly void Unwrap(ListNode* node)
    {
        _memory.Free(_root.Address, ListBranch.Bytes);
        _root = ListRoot.OfNode(node);
    }
}
