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
            return SortedSetPack.Make(memory, member, score);
        var root = LargeSortedSet.Make(memory);
        new LargeSortedSet(ref root).TryAdd(memory, member, score);
        return root;
    }

    /// <summary>Adds an element whose member is not there.</summary>
    public readonly void Add(ReadOnlySpan<byte> member, double score)
    {
        if (!LargeSortedSet.Is(_root))
        {
            if (_limits.Allow(SortedSetPack.Count(_root) + 1L, member.Length, SortedSetPack.Length(_root) + (long)member.Length))
            {
                SortedSetPack.Add(_memory, ref _root, member, score);
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

        SortedSetPack.Update(_memory, ref _root, place.Index, place.Address, member, score);
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

        SortedSetPack.Remove(_memory, ref _root, rank, count);
    }

    /// <summary>Makes the set, a small one, a large one.</summary>
    public readonly void Enlarge()
    {
        var pack = _root;
        _root = LargeSortedSet.Make(_memory);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var end = SortedSetPack.End(pack);
        for (var at = SortedSetPack.First(pack); at < end; at = SortedSetPack.Next(at))
        {
            var element = SortedSetPack.Read(at);
            Large.TryAdd(_memory, element.Member.Text(scratch), element.Score);
        }

        SortedSetPack.Free(_memory, pack);
    }
}
