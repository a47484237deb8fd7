namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// A place between the elements of a sorted set, by score or, where all scores are equal, by member: one end of a range.
/// </summary>
public readonly ref struct SortedSetCut
{
    private readonly Kind _kind;
    private readonly bool _isBehindEqual;
    private readonly double _score;
    private readonly ReadOnlySpan<byte> _member;

    private SortedSetCut(Kind kind, bool isBehindEqual, double score, ReadOnlySpan<byte> member)
    {
        _kind = kind;
        _isBehindEqual = isBehindEqual;
        _score = score;
        _member = member;
    }

    private enum Kind : byte
    {
        Start,
        End,
        Score,
        Member,
    }

    /// <summary>Before every element.</summary>
    public static SortedSetCut Start => default;

    /// <summary>Behind every element.</summary>
    public static SortedSetCut End => new(Kind.End, isBehindEqual: false, 0, default);

    /// <summary>Before all elements of a score, and behind all of lower ones.</summary>
    public static SortedSetCut Before(double score) => new(Kind.Score, isBehindEqual: false, score, default);

    /// <summary>Behind all elements of a score, and before all of higher ones.</summary>
    public static SortedSetCut Behind(double score) => new(Kind.Score, isBehindEqual: true, score, default);

    /// <summary>Before a member, by the order of bytes, whether it is there or not.</summary>
    public static SortedSetCut Before(ReadOnlySpan<byte> member) => new(Kind.Member, isBehindEqual: false, 0, member);

    /// <summary>Behind a member, by the order of bytes, whether it is there or not.</summary>
    public static SortedSetCut Behind(ReadOnlySpan<byte> member) => new(Kind.Member, isBehindEqual: true, 0, member);

    /// <summary>True when the members decide, not the scores.</summary>
    internal bool IsByMember => _kind == Kind.Member;

    /// <summary>True when the cut is behind an element.</summary>
    internal bool IsBehind(in ScoreItem item) =>
        _kind == Kind.Member ? IsBehind(item.Member) : IsBehind(item.Score);

    /// <summary>As <see cref="IsBehind(in ScoreItem)"/>, of a cut that is not by members.</summary>
    internal bool IsBehind(double score) => _kind switch
    {
        Kind.Start => false,
        Kind.End => true,
        _ => score < _score || (_isBehindEqual && score == _score),
    };

    /// <summary>As <see cref="IsBehind(in ScoreItem)"/>, of a cut by members.</summary>
    internal bool IsBehind(ReadOnlySpan<byte> member)
    {
        var order = member.SequenceCompareTo(_member);
        return order < 0 || (_isBehindEqual && order == 0);
    }
}
