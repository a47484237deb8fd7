using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// The sorted set of a key, or of none: a key that is not there reads as an empty set, the first element makes it, and the
/// last one takes it away. Elements are ordered by score, then by the bytes of the member; the rank of an element is how
/// many come before it. Elements that were read are dead after any change.
/// </summary>
public ref struct SortedSetValue : IValue<SortedSetValue>
{
    private ValueAccess _access;

    private SortedSetValue(scoped in ValueAccess access) => _access = access;

    static ValueKind IValue<SortedSetValue>.Kind => ValueKind.SortedSet;

    /// <summary>The key is there; if not, the set has no element.</summary>
    public readonly bool Exists => _access.Exists;

    /// <summary>Number of elements.</summary>
    public readonly long Count => Exists ? SortedSetRoot.Count(_access.Root) : 0;

    static SortedSetValue IValue<SortedSetValue>.Open(scoped in ValueAccess access) => new(access);

    /// <summary>The score of a member; false when it is not there.</summary>
    public readonly bool TryScore(scoped ReadOnlySpan<byte> member, out double score)
    {
        var place = Find(member);
        score = place.Score;
        return place.IsFound;
    }

    /// <summary>The rank and score of a member; false when it is not there.</summary>
    public readonly bool TryRank(scoped ReadOnlySpan<byte> member, out long rank, out double score)
    {
        var place = Find(member);
        score = place.Score;
        rank = place.IsFound ? SortedSetRoot.RankOf(_access.Root, place) : -1;
        return place.IsFound;
    }

    /// <summary>How many elements come before a cut.</summary>
    public readonly long RankOf(scoped in SortedSetCut cut) => Exists ? SortedSetRoot.RankOf(_access.Root, cut) : 0;

    /// <summary>Elements one after the other.</summary>
    /// <param name="rank">The rank of the first of them.</param>
    /// <param name="count">How many; they are all there.</param>
    /// <param name="backward">Goes towards lower ranks.</param>
    public readonly SortedSetRange Range(long rank, long count, bool backward = false)
    {
        if (count == 0) return default;
        Invariant.That(rank >= 0 && rank < Count && count > 0 && count <= (backward ? rank + 1 : Count - rank));
        return new SortedSetRange(_access.Root, rank, count, backward);
    }

    /// <summary>Gives a member, which may be new, a score. Nothing is changed where a condition is not met.</summary>
    /// <param name="member">The member; does not lie in this set.</param>
    /// <param name="score">The score, or what is added to it; not NaN.</param>
    /// <param name="conditions">What must be so, and how the score is meant.</param>
    /// <param name="result">The score that the member has then; undefined when it is not there.</param>
    public SortedSetChange Change(
        scoped ReadOnlySpan<byte> member, double score, SortedSetConditions conditions, out double result)
    {
        result = score;
        var place = Find(member);
        if (!place.IsFound)
        {
            if ((conditions & SortedSetConditions.OnlyPresent) != 0) return SortedSetChange.Refused;
            Add(member, score);
            return SortedSetChange.Added;
        }

        if ((conditions & SortedSetConditions.Increment) != 0) result = place.Score + score;
        var isRefused = (conditions & SortedSetConditions.OnlyNew) != 0
            || ((conditions & SortedSetConditions.OnlyGreater) != 0 && result <= place.Score)
            || ((conditions & SortedSetConditions.OnlyLess) != 0 && result >= place.Score);
        if (double.IsNaN(result)) return (conditions & SortedSetConditions.OnlyNew) != 0 ? SortedSetChange.Refused : SortedSetChange.NotANumber;
        if (isRefused) return SortedSetChange.Refused;
        if (result == place.Score) return SortedSetChange.Unchanged;
        Edit().Update(place, member, result);
        _access.EndChange();
        return SortedSetChange.Updated;
    }

    /// <summary>Takes out a member; with the last one goes the key. False when it is not there.</summary>
    public bool Remove(scoped ReadOnlySpan<byte> member)
    {
        var place = Find(member);
        if (!place.IsFound) return false;
        if (Count == 1)
        {
            _access.Delete();
            return true;
        }

        Edit().Remove(place);
        _access.EndChange();
        return true;
    }

    /// <summary>Takes out elements that are all there; with the last one goes the key.</summary>
    /// <param name="rank">The rank of the first of them.</param>
    /// <param name="count">How many.</param>
    public void Remove(long rank, long count)
    {
        if (count == 0) return;
        if (count == Count)
        {
            _access.Delete();
            return;
        }

        Edit().Remove(rank, count);
        _access.EndChange();
    }

    /// <summary>
    /// Hands out some elements with Redis's guarantee: one that is there from the first call to the last is met at least
    /// once. A small set gives all of them at once.
    /// </summary>
    /// <param name="cursor">0 to start, else what the last call returned; any value is safe.</param>
    /// <param name="visitor">Gets each element; must not change the set.</param>
    /// <returns>The cursor to go on with, 0 when all is done.</returns>
    public readonly ulong Scan<TVisitor>(ulong cursor, ref TVisitor visitor)
        where TVisitor : ISortedSetVisitor
    {
        if (!Exists) return 0;
        if (LargeSortedSet.Is(_access.Root)) return LargeSortedSet.Scan(_access.Root, cursor, ref visitor);
        foreach (var element in Range(0, Count)) visitor.Visit(element);
        return 0;
    }

    private readonly SortedSetPlace Find(scoped ReadOnlySpan<byte> member) =>
        Exists ? SortedSetRoot.Find(_access.Root, member) : default;

    private void Add(scoped ReadOnlySpan<byte> member, double score)
    {
        if (!Exists)
        {
            _access.Create(ValueKind.SortedSet, SortedSetEditor.Make(_access.Memory, _access.Options, member, score));
            return;
        }

        Edit().Add(member, score);
        _access.EndChange();
    }

    private SortedSetEditor Edit()
    {
        ref var root = ref _access.BeginChange(out var memory);
        return new SortedSetEditor(memory, _access.Options, ref root);
    }
}
