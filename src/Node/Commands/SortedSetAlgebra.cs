using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>The commands on several sorted sets, or sets, whose members count with the score 1.</summary>
public static class SortedSetAlgebra
{
    private const CommandFlags Read = CommandFlags.ReadOnly | CommandFlags.MovableKeys;
    private const CommandFlags Change = CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.MovableKeys;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        ReadRow("zunion", "6.2.0", "Returns the members of several sorted sets.", ZUnion),
        ReadRow("zinter", "6.2.0", "Returns the members that several sorted sets have in common.", ZInter),
        ReadRow("zdiff", "6.2.0", "Returns the members of a sorted set that are in none of some others.", ZDiff),
        ReadRow("zintercard", "7.0.0", "Counts the members that several sorted sets have in common.", ZInterCard),
        StoreRow("zunionstore", "2.0.0", "Stores the members of several sorted sets.", ZUnionStore),
        StoreRow("zinterstore", "2.0.0", "Stores the members that several sorted sets have in common.", ZInterStore),
        StoreRow("zdiffstore", "6.2.0", "Stores the members of a sorted set that are in none of some others.", ZDiffStore),
    ];

    private enum Operation
    {
        Union,
        Intersection,
        Difference,
    }

    private static Command ReadRow(string name, string since, string summary, CommandHandler handler) =>
        new(name, -3, Read, KeySpec.None, handler)
        {
            KeyCountAt = 1,
            KeyFlags = "RO access",
            AclCategories = ["sortedset"],
            Group = "sorted-set",
            Since = since,
            Summary = summary,
        };

    private static Command StoreRow(string name, string since, string summary, CommandHandler handler) =>
        new(name, -4, Change, KeySpec.At(1), handler)
        {
            KeyCountAt = 2,
            KeyFlags = "OW update;RO access",
            AclCategories = ["sortedset"],
            Group = "sorted-set",
            Since = since,
            Summary = summary,
        };

    private static void ZUnion(CommandContext call) => Reply(call, Operation.Union);

    private static void ZInter(CommandContext call) => Reply(call, Operation.Intersection);

    private static void ZDiff(CommandContext call) => Reply(call, Operation.Difference);

    private static void ZUnionStore(CommandContext call) => Store(call, Operation.Union, KeyEvent.ZUnionStore);

    private static void ZInterStore(CommandContext call) => Store(call, Operation.Intersection, KeyEvent.ZInterStore);

    private static void ZDiffStore(CommandContext call) => Store(call, Operation.Difference, KeyEvent.ZDiffStore);

    private static void ZInterCard(CommandContext call)
    {
        if (!ScoredSources.TryOpen(call, 1, out var sources)) return;
        long limit = 0;
        for (var i = sources.OptionsAt; i < call.Count; i += 2)
        {
            if (i + 1 == call.Count || !call.Is(i, "limit"u8))
            {
                call.SyntaxError();
                return;
            }

            if (ArgumentParser.TryInteger(call[i + 1], out limit) && limit >= 0) continue;
            call.Reply.Error("ERR LIMIT can't be negative"u8);
            return;
        }

        sources.SortByCount();
        var counter = new Counter(limit == 0 ? long.MaxValue : limit);
        Intersect(sources, ScoreAggregate.Sum, ref counter);
        call.Reply.Integer(counter.Count);
    }

    private static void Reply(CommandContext call, Operation operation)
    {
        if (!ScoredSources.TryOpen(call, 1, out var sources)) return;
        if (!sources.TryOptions(operation == Operation.Difference, stores: false, out var aggregate, out var withScores)) return;
        using var result = call.Database.AssembleSortedSet(call.Key(2).Slot);
        Combine(sources, operation, aggregate, result);
        SortedSetReplies.All(call, result.Ordered(), result.Count, withScores);
    }

    private static void Store(CommandContext call, Operation operation, KeyEvent what)
    {
        if (!ScoredSources.TryOpen(call, 2, out var sources)) return;
        if (!sources.TryOptions(operation == Operation.Difference, stores: true, out var aggregate, out _)) return;
        var target = call.Key(1);
        using var result = call.Database.AssembleSortedSet(target.Slot);
        Combine(sources, operation, aggregate, result);
        SortedSetRanges.Store(call, target, result, what);
    }

    private static void Combine(
        ScoredSources sources, Operation operation, ScoreAggregate aggregate, SortedSetAssembly result)
    {
        switch (operation)
        {
            case Operation.Union:
                sources.SortByCount();
                var first = new Adder(result);
                sources.Visit(0, ref first);
                var merger = new Merger(result, aggregate);
                for (var i = 1; i < sources.Count; i++) sources.Visit(i, ref merger);
                break;
            case Operation.Intersection:
                sources.SortByCount();
                var adder = new Adder(result);
                Intersect(sources, aggregate, ref adder);
                break;
            case Operation.Difference:
                var remover = new Difference(sources, result);
                sources.Visit(0, ref remover);
                break;
        }
    }

    private static void Intersect<TVisitor>(ScoredSources sources, ScoreAggregate aggregate, ref TVisitor visitor)
        where TVisitor : IScoredVisitor
    {
        var intersection = new Intersection<TVisitor>(sources, aggregate, visitor);
        sources.Visit(0, ref intersection);
        visitor = intersection.Visitor;
    }

    private struct Merger(SortedSetAssembly result, ScoreAggregate aggregate) : IScoredVisitor
    {
        public readonly bool Visit(ReadOnlySpan<byte> member, double score)
        {
            result.Merge(member, score, aggregate);
            return true;
        }
    }

    private struct Adder(SortedSetAssembly result) : IScoredVisitor
    {
        public readonly bool Visit(ReadOnlySpan<byte> member, double score)
        {
            result.Add(member, score);
            return true;
        }
    }

    private struct Counter(long limit) : IScoredVisitor
    {
        public long Count { get; private set; }

        public bool Visit(ReadOnlySpan<byte> member, double score) => ++Count < limit;
    }

    /// <summary>Passes on what all sources have.</summary>
    private struct Intersection<TVisitor>(ScoredSources sources, ScoreAggregate aggregate, TVisitor visitor) : IScoredVisitor
        where TVisitor : IScoredVisitor
    {
        public TVisitor Visitor = visitor;

        public bool Visit(ReadOnlySpan<byte> member, double score)
        {
            for (var i = 1; i < sources.Count; i++)
            {
                if (!sources.TryScore(i, member, out var other)) return true;
                score = aggregate.Apply(score, other);
            }

            return Visitor.Visit(member, score);
        }
    }

    /// <summary>Adds what no source but the first has.</summary>
    private struct Difference(ScoredSources sources, SortedSetAssembly result) : IScoredVisitor
    {
        public readonly bool Visit(ReadOnlySpan<byte> member, double score)
        {
            for (var i = 1; i < sources.Count; i++)
                if (sources.TryScore(i, member, out _)) return true;
            result.Add(member, score);
            return true;
        }
    }
}
