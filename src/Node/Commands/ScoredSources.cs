using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Sets;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>
/// The sorted sets and sets that ZUNION and its like work on, each with the weight by which its scores are multiplied; the
/// members of a set have the score 1. Valid until any of them is changed.
/// </summary>
internal sealed class ScoredSources
{
    private const int MostInserted = 32; // are sorted by inserting one after the other

    private readonly CommandContext _call;
    private readonly Source[] _sources;

    private ScoredSources(CommandContext call, int firstKey, int count)
    {
        _call = call;
        _sources = new Source[count];
        OptionsAt = firstKey + count;
    }

    /// <summary>How many there are.</summary>
    public int Count => _sources.Length;

    /// <summary>Position of what follows the keys.</summary>
    public int OptionsAt { get; }

    /// <summary>Opens the keys of a call; false when an error is replied.</summary>
    /// <param name="call">The call.</param>
    /// <param name="countAt">Position of their number.</param>
    /// <param name="sources">What they hold.</param>
    public static bool TryOpen(CommandContext call, int countAt, out ScoredSources sources)
    {
        sources = null!;
        if (!call.TryInteger(countAt, out long count)) return false;
        if (count < 1)
        {
            call.Reply.Error($"ERR at least 1 input key is needed for '{call.Command.FullName}' command");
            return false;
        }

        if (count > call.Count - countAt - 1)
        {
            call.SyntaxError();
            return false;
        }

        sources = new ScoredSources(call, countAt + 1, (int)count);
        for (var i = 0; i < count; i++)
            if (!sources.TryOpen(i, countAt + 1 + i)) return false;
        return true;
    }

    /// <summary>Reads WEIGHTS, AGGREGATE and WITHSCORES; false when an error is replied.</summary>
    /// <param name="isDifference">There are neither weights nor an aggregate.</param>
    /// <param name="stores">There is no WITHSCORES.</param>
    /// <param name="aggregate">How one score is made of two.</param>
    /// <param name="withScores">WITHSCORES.</param>
    public bool TryOptions(bool isDifference, bool stores, out ScoreAggregate aggregate, out bool withScores)
    {
        aggregate = ScoreAggregate.Sum;
        withScores = false;
        for (var i = OptionsAt; i < _call.Count; i++)
        {
            var left = _call.Count - i;
            if (!isDifference && left > Count && _call.Is(i, "weights"u8))
            {
                for (var each = 0; each < Count; each++)
                    if (!TryWeight(++i, out _sources[each].Weight)) return false;
            }
            else if (!isDifference && left >= 2 && _call.Is(i, "aggregate"u8) && TryAggregate(i + 1, out aggregate))
            {
                i++;
            }
            else if (!stores && _call.Is(i, "withscores"u8))
            {
                withScores = true;
            }
            else
            {
                _call.SyntaxError();
                return false;
            }
        }

        return true;
    }

    /// <summary>Brings those with few members to the front; the order of the others stays.</summary>
    public void SortByCount()
    {
        if (_sources.Length > MostInserted)
        {
            _sources.OrderBy(source => source.Count).ToArray().CopyTo(_sources, 0);
            return;
        }

        for (var i = 1; i < _sources.Length; i++)
        {
            var moved = _sources[i];
            var to = i;
            for (; to > 0 && _sources[to - 1].Count > moved.Count; to--) _sources[to] = _sources[to - 1];
            _sources[to] = moved;
        }
    }

    /// <summary>Visits the members of one, with scores that are weighted.</summary>
    public void Visit<TVisitor>(int index, ref TVisitor visitor)
        where TVisitor : IScoredVisitor
    {
        ref readonly var source = ref _sources[index];
        if (!source.Entry.IsPresent) return;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        if (source.IsSet)
        {
            foreach (var member in source.Set)
                if (!visitor.Visit(member.Text(scratch), source.Weight)) return;
            return;
        }

        var set = OpenSorted(source);
        foreach (var element in set.Range(0, set.Count))
            if (!visitor.Visit(element.Member.Text(scratch), source.Weigh(element.Score))) return;
    }

    /// <summary>The weighted score that a member has in one; false when it is not there.</summary>
    public bool TryScore(int index, ReadOnlySpan<byte> member, out double score)
    {
        score = 0;
        ref readonly var source = ref _sources[index];
        if (!source.Entry.IsPresent) return false;
        if (source.IsSet)
        {
            score = source.Weight;
            return source.Set.Contains(member);
        }

        if (!OpenSorted(source).TryScore(member, out score)) return false;
        score *= source.Weight;
        return true;
    }

    private bool TryOpen(int index, int position)
    {
        var key = _call.Key(position);
        var isThere = _call.TryRead(key, out Entry entry);
        _sources[index] = new Source { Position = position, Weight = 1 };
        if (!isThere) return true;
        ref var source = ref _sources[index];
        source.Entry = entry;
        source.IsSet = entry.Holds<SetValue>();
        if (source.IsSet)
        {
            source.Set = _call.Database.Open<SetValue>(key, entry, _call.AccessClock).View;
            source.Count = source.Set.Count;
            return true;
        }

        if (!entry.Holds<SortedSetValue>())
        {
            _call.Reply.Error(ErrorReplies.WrongType);
            return false;
        }

        source.Count = OpenSorted(source).Count;
        return true;
    }

    private SortedSetValue OpenSorted(in Source source) =>
        _call.Database.Open<SortedSetValue>(_call.Key(source.Position), source.Entry, _call.AccessClock);

    private bool TryWeight(int index, out double weight)
    {
        if (DoubleParser.TryParseScore(_call[index], out weight)) return true;
        _call.Reply.Error("ERR weight value is not a float"u8);
        return false;
    }

    private bool TryAggregate(int index, out ScoreAggregate aggregate)
    {
        aggregate = _call.Is(index, "min"u8) ? ScoreAggregate.Min
            : _call.Is(index, "max"u8) ? ScoreAggregate.Max : ScoreAggregate.Sum;
        return aggregate != ScoreAggregate.Sum || _call.Is(index, "sum"u8);
    }

    private struct Source
    {
        public int Position;
        public Entry Entry;
        public long Count;
        public double Weight;
        public bool IsSet;
        public SetView Set;

        /// <summary>A score times the weight; 0 where that is no number.</summary>
        public readonly double Weigh(double score)
        {
            var weighted = Weight * score;
            return double.IsNaN(weighted) ? 0 : weighted;
        }
    }
}
