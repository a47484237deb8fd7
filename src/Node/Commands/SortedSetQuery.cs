using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>Which elements ZRANGE and its like want.</summary>
internal ref struct SortedSetQuery
{
    private Kind _kind;
    private bool _isReverse;
    private long _start;
    private long _end;
    private long _offset;
    private long _limit;
    private SortedSetCut _from;
    private SortedSetCut _to;

    /// <summary>What the ends of the range are.</summary>
    public enum Kind
    {
        /// <summary>Whatever the options say; ranks, unless they do.</summary>
        Any,

        /// <summary>Ranks.</summary>
        Ranks,

        /// <summary>Scores.</summary>
        Scores,

        /// <summary>Members.</summary>
        Members,
    }

    /// <summary>WITHSCORES.</summary>
    public bool WithScores { get; private set; }

    /// <summary>The elements come by descending ranks.</summary>
    public readonly bool IsReverse => _isReverse;

    /// <summary>Reads the ends of the range and the options behind them; false when an error is replied.</summary>
    /// <param name="call">The call.</param>
    /// <param name="keyAt">Position of the key; the ends follow.</param>
    /// <param name="kind">What they are.</param>
    /// <param name="isReverse">The order; null when the options say it.</param>
    /// <param name="stores">The elements are stored, not replied.</param>
    /// <param name="query">What was read.</param>
    public static bool TryParse(
        CommandContext call, int keyAt, Kind kind, bool? isReverse, bool stores, out SortedSetQuery query)
    {
        query = new SortedSetQuery { _kind = kind, _isReverse = isReverse ?? false, _limit = -1 };
        if (!query.TryOptions(call, keyAt + 3, mayReverse: isReverse is null, stores)) return false;
        if (query._kind == Kind.Any) query._kind = Kind.Ranks;
        if (query._limit != -1 && query._kind == Kind.Ranks)
        {
            call.Reply.Error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX"u8);
            return false;
        }

        if (query.WithScores && query._kind == Kind.Members)
        {
            call.Reply.Error("ERR syntax error, WITHSCORES not supported in combination with BYLEX"u8);
            return false;
        }

        return query.TryEnds(call, keyAt + 1);
    }

    /// <summary>Finds the elements in a set.</summary>
    /// <param name="set">The set.</param>
    /// <param name="rank">The rank of the first of them in their order.</param>
    /// <param name="count">How many there are.</param>
    public readonly void Resolve(scoped in SortedSetValue set, out long rank, out long count)
    {
        if (_kind == Kind.Ranks)
        {
            ResolveRanks(set.Count, out rank, out count);
            return;
        }

        var low = set.RankOf(_from);
        var high = set.RankOf(_to);
        var total = Math.Max(0, high - low); // the bounds may be the wrong way round
        count = _offset < 0 || _offset >= total ? 0 : total - _offset;
        if (_limit >= 0) count = Math.Min(count, _limit);
        rank = count == 0 ? 0 : _isReverse ? high - 1 - _offset : low + _offset;
    }

    private readonly void ResolveRanks(long total, out long rank, out long count)
    {
        SortedSetRanges.Clamp(total, _start, _end, out rank, out count);
        if (_isReverse && count > 0) rank = total - 1 - rank;
    }

    private bool TryOptions(CommandContext call, int at, bool mayReverse, bool stores)
    {
        var mayChoose = _kind == Kind.Any;
        for (; at < call.Count; at++)
        {
            if (!stores && call.Is(at, "withscores"u8))
            {
                WithScores = true;
            }
            else if (at + 2 < call.Count && call.Is(at, "limit"u8))
            {
                if (!call.TryInteger(at + 1, out _offset) || !call.TryInteger(at + 2, out _limit)) return false;
                at += 2;
            }
            else if (mayReverse && !_isReverse && call.Is(at, "rev"u8))
            {
                _isReverse = true;
            }
            else if (mayChoose && _kind == Kind.Any && call.Is(at, "bylex"u8))
            {
                _kind = Kind.Members;
            }
            else if (mayChoose && _kind == Kind.Any && call.Is(at, "byscore"u8))
            {
                _kind = Kind.Scores;
            }
            else
            {
                call.Reply.Error(ErrorReplies.Syntax);
                return false;
            }
        }

        return true;
    }

    private bool TryEnds(CommandContext call, int at)
    {
        if (_kind == Kind.Ranks) return call.TryInteger(at, out _start) && call.TryInteger(at + 1, out _end);

        // Who goes backward names the upper end first.
        var (minAt, maxAt) = _isReverse ? (at + 1, at) : (at, at + 1);
        return _kind == Kind.Scores
            ? SortedSetBounds.TryScores(call, minAt, maxAt, out _from, out _to)
            : SortedSetBounds.TryMembers(call, minAt, maxAt, out _from, out _to);
    }
}
