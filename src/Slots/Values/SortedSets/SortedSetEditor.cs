using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// Changes a sorted set, and its encoding as it grows. As in Redis a large one stays large. The set never becomes empty
/// here: who would take the last element frees it instead.
/// </summary>
internal unsafe ref struct SortedSetEditor
{
    private readonly ValueMemory _memory;
    private readonly SortedSetLimits _limits;
    private readonly ref ValueRoot _root;

    public SortedSetEditor(scoped in ValueMemory memory, ValueOptions options, ref ValueRoot root)
    {
        _memory = memory;
        _limits = new SortedSetLimits(options);
        _root = ref root;
    }

    private readonly LargeSortedSet Large => new(ref _root);

    /// <summary>Makes a set of one element.</summary>
    public static ValueRoot Make(in ValueMemory memory, ValueOptions options, ReadOnlySpan<byte> member, double score)
    {
        if (new SortedSetLimits(options).Allow(1, member.Length, member.Length))
        {
            var pack = ListNode.MakeEmpty(memory, 0);
            SortedSetPack.Add(memory, ref pack, member, score);
            return SortedSetRoot.Of(pack);
        }

        var root = LargeSortedSet.Make(memory);
        new LargeSortedSet(ref root).TryAdd(memory, member, score);
        return root;
    }

    /// <summary>Adds an element whose member is not there.</summary>
    public readonly void Add(ReadOnlySpan<byte> member, double score)
    {
        if (!LargeSortedSet.Is(_root))
        {
            var pack = SortedSetRoot.Pack(_root);
            if (_limits.Allow(SortedSetPack.Count(pack) + 1L, member.Length, pack->Length + (long)member.Length))
            {
                SortedSetPack.Add(_memory, ref pack, member, score);
                _root.Address = (byte*)pack;
                return;
            }

            Enlarge();
        }

        Large.TryAdd(_memory, member, score);
    }

    /// <summary>Gives an element another score.</summary>
    public readonly void Update(in SortedSetPlace place, ReadOnlySpan<byte> member, double score)
    {
        if (LargeSortedSet.Is(_root))
        {
            Large.Update(_memory, new Element(place.Address), score);
            return;
        }

        var pack = SortedSetRoot.Pack(_root);
        SortedSetPack.Remove(_memory, ref pack, place.Index, 1);
        SortedSetPack.Add(_memory, ref pack, member, score);
        _root.Address = (byte*)pack;
    }

    /// <summary>Takes an element out, but not the last one.</summary>
    public readonly void Remove(in SortedSetPlace place)
    {
        if (LargeSortedSet.Is(_root)) Large.Remove(_memory, new Element(place.Address));
        else Remove(place.Index, 1);
    }

    /// <summary>Takes elements out, but not all.</summary>
    /// <param name="rank">The rank of the first of them.</param>
    /// <param name="count">How many.</param>
    public readonly void Remove(long rank, long count)
    {
        if (LargeSortedSet.Is(_root))
        {
            Large.Remove(_memory, rank, count);
            return;
        }

        var pack = SortedSetRoot.Pack(_root);
        SortedSetPack.Remove(_memory, ref pack, rank, count);
        _root.Address = (byte*)pack;
    }

    /// <summary>Makes the set, a small one, a large one.</summary>
    public readonly void Enlarge()
    {
        var pack = SortedSetRoot.Pack(_root);
        _root = LargeSortedSet.Make(_memory);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var end = SortedSetPack.End(pack);
        for (var at = SortedSetPack.First(pack); at < end; at = SortedSetPack.Next(at))
        {
            var element = SortedSetPack.Read(at);
            Large.TryAdd(_memory, element.Member.Text(scratch), element.Score);
        }

        ListNode.Free(_memory, pack);
    }
}
