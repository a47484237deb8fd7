using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>The options of XADD and XTRIM: what is to be trimmed, and how an entry is added.</summary>
internal struct StreamTrimOptions
{
    private const long NodesPerTrim = 100;
    private const long UsualLimit = 10000;
    private const long LargestLimit = 1000000;

    private bool _hasLimit;
    private bool _hasPolicy;

    /// <summary>Entries are to be taken out.</summary>
    public bool Trims;

    /// <summary>By the number of entries; otherwise by id.</summary>
    public bool IsByLength;

    /// <summary>The most entries that stay.</summary>
    public long MaxLength;

    /// <summary>The smallest id that stays.</summary>
    public StreamId MinId;

    /// <summary>Only whole nodes go.</summary>
    public bool IsApproximate;

    /// <summary>The most entries that go; 0 for any number.</summary>
    public long Limit;

    /// <summary>Position of the number or id that says what stays.</summary>
    public int ThresholdAt;

    /// <summary>What becomes of what groups know of the entries that go.</summary>
    public ReferencePolicy References;

    /// <summary>XADD: a key that is not there is not made.</summary>
    public bool OnlyIfPresent;

    /// <summary>XADD: the id is given, perhaps without its sequence.</summary>
    public bool HasId;

    /// <summary>XADD: the sequence is given too.</summary>
    public bool HasSequence;

    /// <summary>XADD: the id.</summary>
    public StreamId Id;

    /// <summary>XADD: the position of the id; of XTRIM and without an id, behind the last argument.</summary>
    public int IdAt;

    /// <summary>What is to be taken out.</summary>
    public readonly StreamTrim Trim => new()
    {
        IsByLength = IsByLength,
        MaxLength = (ulong)MaxLength,
        MinId = MinId,
        IsApproximate = IsApproximate,
        Limit = Limit,
    };

    /// <summary>What was done goes to replicas in other words than the call's.</summary>
    public readonly bool NeedsOwnEffect => IsApproximate || _hasPolicy;

    /// <summary>
    /// Adds to an effect what came of a call, its name and key apart: the id that was made, and which entries are left, so
    /// that whoever repeats it has the same entries. In words that every version understands.
    /// </summary>
    public readonly void AddExact(ref EffectBuilder effect, CommandContext call, scoped in StreamValue stream, in StreamId id)
    {
        var at = 2;
        if (_hasPolicy)
        {
            at = IdAt;
            if (Trims && References != ReferencePolicy.Acknowledged)
            {
                effect.Add(IsByLength ? "MAXLEN"u8 : "MINID"u8);
                effect.Add("="u8);
                AddThreshold(ref effect, call, stream);
            }
        }

        for (; at < call.Count; at++)
        {
            if (at == IdAt && !(HasId && HasSequence)) effect.AddId(id);
            else if (IsApproximate && at == ThresholdAt - 1) effect.Add("="u8);
            else if (at == ThresholdAt) AddThreshold(ref effect, call, stream);
            else effect.Add(call[at]);
        }
    }

    private readonly void AddThreshold(ref EffectBuilder effect, CommandContext call, scoped in StreamValue stream)
    {
        if (!IsApproximate) effect.Add(call[ThresholdAt]);
        else if (IsByLength) effect.Add(stream.Length);
        else effect.AddId(stream.TryEdge(last: false, out var first, withDeleted: true) ? first : StreamId.Max);
    }

    /// <summary>Reads the options, or replies with the error.</summary>
    public static bool TryRead(CommandContext call, bool adds, out StreamTrimOptions options)
    {
        options = new StreamTrimOptions { HasSequence = true };
        var at = 2;
        for (; at < call.Count; at++)
        {
            if (adds && call[at] is [(byte)'*']) break;
            var isKnown = options.TryReadOption(call, ref at, adds, out var hasFailed);
            if (hasFailed) return false;
            if (isKnown) continue;
            if (!adds)
            {
                call.SyntaxError();
                return false;
            }

            if (!call.TryNewStreamId(at, out options.Id, out options.HasSequence)) return false;
            options.HasId = true;
            break;
        }

        options.IdAt = at;
        return options.TrySettle(call, adds);
    }

    private bool TryReadOption(CommandContext call, ref int at, bool adds, out bool hasFailed)
    {
        hasFailed = false;
        var hasMore = at + 1 < call.Count;
        if ((call.Is(at, "maxlen"u8) || call.Is(at, "minid"u8)) && hasMore)
        {
            hasFailed = !TryThreshold(call, ref at);
        }
        else if (call.Is(at, "limit"u8) && hasMore)
        {
            hasFailed = !call.TryInteger(++at, out Limit);
            _hasLimit = true;
            if (!hasFailed && Limit < 0)
            {
                call.Reply.Error("ERR The LIMIT argument must be >= 0."u8);
                hasFailed = true;
            }
        }
        else if (adds && call.Is(at, "nomkstream"u8))
        {
            OnlyIfPresent = true;
        }
        else
        {
            _hasPolicy |= StreamReferences.TryPolicy(call, at, ref References);
            return StreamReferences.IsPolicy(call, at);
        }

        return true;
    }

    private bool TryThreshold(CommandContext call, ref int at)
    {
        if (Trims)
        {
            call.Reply.Error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible"u8);
            return false;
        }

        Trims = true;
        IsByLength = call.Is(at, "maxlen"u8);
        at++;
        if (at + 1 < call.Count && call[at] is [(byte)'~'] or [(byte)'='])
        {
            IsApproximate = call[at][0] == '~';
            at++;
        }

        ThresholdAt = at;
        if (!IsByLength) return call.TryStreamId(at, out MinId);
        if (!call.TryInteger(at, out MaxLength)) return false;
        if (MaxLength >= 0) return true;
        call.Reply.Error("ERR The MAXLEN argument must be >= 0."u8);
        return false;
    }

    private bool TrySettle(CommandContext call, bool adds)
    {
        if (Limit > 0 && !Trims)
        {
            call.Reply.Error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"u8);
            return false;
        }

        if (!adds && !Trims)
        {
            call.Reply.Error("ERR syntax error, XTRIM must be called with a trimming strategy"u8);
            return false;
        }

        if (call.Session.Origin == ClientOrigin.Master)
        {
            // The master has taken out what it said, and says it exactly.
            Limit = 0;
            return true;
        }

        if (_hasLimit && !IsApproximate)
        {
            call.Reply.Error("ERR syntax error, LIMIT cannot be used without the special ~ option"u8);
            return false;
        }

        if (_hasLimit || !IsApproximate) return true;
        var perNode = call.Node.Config.StreamNodeMaxEntries;
        Limit = perNode == 0 ? UsualLimit : perNode > LargestLimit / NodesPerTrim ? LargestLimit : perNode * NodesPerTrim;
        return true;
    }
}
