using System.Runtime.InteropServices;
using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>The commands that search for places in a circle or box: GEOSEARCH, GEORADIUS and their like.</summary>
public static class GeoSearches
{
    private const CommandFlags Change = CommandFlags.Write | CommandFlags.DenyOom;
    private const string Read = "RO access";
    private const string Stored = "OW update";
    private const int MostSpare = 1024;

    private static readonly Comparison<GeoPoint> NearestFirst = static (x, y) => Compare(x, y);

    private static readonly Comparison<GeoPoint> FarthestFirst =
        static (x, y) => x.Distance == y.Distance ? x.Index.CompareTo(y.Index) : Compare(y, x);

    /// <summary>What the next search of the thread gathers places in.</summary>
    [ThreadStatic]
    private static List<GeoPoint>? t_spare;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Geo.Row("geosearch", -7, CommandFlags.ReadOnly, Read, "6.2.0",
            "Returns the places of a sorted set in a circle or box.", GeoSearch),
        new("geosearchstore", -8, Change, KeySpec.Range(1, 2), GeoSearchStore)
        {
            KeyFlags = Stored + ";" + Read, AclCategories = ["geo"], Group = "geo", Since = "6.2.0",
            Summary = "Stores the places of a sorted set in a circle or box.",
        },
        RadiusRow("georadius", 6, "Returns or stores the places of a sorted set in a circle.", GeoRadius),
        RadiusRow("georadiusbymember", 5, "Returns or stores the places of a sorted set around one of them.", GeoRadiusByMember),
        Geo.Row("georadius_ro", -6, CommandFlags.ReadOnly, Read, "3.2.10",
            "Returns the places of a sorted set in a circle.", GeoRadiusReadOnly),
        Geo.Row("georadiusbymember_ro", -5, CommandFlags.ReadOnly, Read, "3.2.10",
            "Returns the places of a sorted set around one of them.", GeoRadiusByMemberReadOnly),
    ];

    private static Command RadiusRow(string name, int optionsAt, string summary, CommandHandler handler) =>
        new(name, -optionsAt, Change | CommandFlags.MovableKeys, KeySpec.At(1), handler)
        {
            KeyFlags = Read,
            KeywordKeys = [("STORE", optionsAt, Stored), ("STOREDIST", optionsAt, Stored)],
            FindKeys = (arguments, positions) => FindKeys(arguments, optionsAt, positions),
            FindKeyFlags = _ => Read + ";" + Stored,
            AclCategories = ["geo"],
            Group = "geo",
            Since = "3.2.0",
            Summary = summary,
        };

    private static bool FindKeys(ArgumentList arguments, int optionsAt, List<int> positions)
    {
        positions.Add(1);
        for (var i = optionsAt; i + 1 < arguments.Count; i++)
        {
            if (!ArgumentParser.Is(arguments[i], "store"u8) && !ArgumentParser.Is(arguments[i], "storedist"u8)) continue;
            positions.Add(++i);
        }

        return true;
    }

    private static void GeoSearch(CommandContext call)
    {
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        if (GeoQuery.TrySearch(call, set, stores: false, out var query)) Run(call, set, query, KeyEvent.GeoSearchStore);
    }

    private static void GeoSearchStore(CommandContext call)
    {
        if (!call.TryRead<SortedSetValue>(call.Key(2), out var set)) return;
        if (GeoQuery.TrySearch(call, set, stores: true, out var query)) Run(call, set, query, KeyEvent.GeoSearchStore);
    }

    private static void GeoRadius(CommandContext call) => Radius(call, mayStore: true);

    private static void GeoRadiusReadOnly(CommandContext call) => Radius(call, mayStore: false);

    private static void GeoRadiusByMember(CommandContext call) => RadiusByMember(call, mayStore: true);

    private static void GeoRadiusByMemberReadOnly(CommandContext call) => RadiusByMember(call, mayStore: false);

    private static void Radius(CommandContext call, bool mayStore)
    {
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        if (GeoQuery.TryAround(call, mayStore, out var query)) Run(call, set, query, KeyEvent.GeoRadiusStore);
    }

    private static void RadiusByMember(CommandContext call, bool mayStore)
    {
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        if (GeoQuery.TryAroundMember(call, set, mayStore, out var query)) Run(call, set, query, KeyEvent.GeoRadiusStore);
    }

    private static void Run(CommandContext call, scoped in SortedSetValue set, in GeoQuery query, KeyEvent what)
    {
        var points = t_spare ?? [];
        t_spare = null;
        if (set.Exists) Find(set, query, points);

        // Who wants so many wants the nearest, unless any will do.
        var order = query.Order == 0 && query.Count > 0 && !query.TakesAny ? 1 : query.Order;
        var count = query.Count == 0 ? points.Count : (int)Math.Min(query.Count, points.Count);
        if (order != 0) points.Sort(order > 0 ? NearestFirst : FarthestFirst);
        var found = CollectionsMarshal.AsSpan(points)[..count];
        if (query.StoreAt == 0) Reply(call, set, query, found);
        else Store(call, set, query, found, what);
        points.Clear();
        if (points.Capacity <= MostSpare) t_spare = points;
    }

    /// <summary>The nearer place first; of places as near the one that was found first.</summary>
    private static int Compare(in GeoPoint x, in GeoPoint y)
    {
        var order = x.Distance.CompareTo(y.Distance);
        return order != 0 ? order : x.Index.CompareTo(y.Index);
    }

    private static void Find(scoped in SortedSetValue set, in GeoQuery query, List<GeoPoint> points)
    {
        var shape = query.Shape;
        var limit = query.TakesAny ? query.Count : long.MaxValue;
        Span<GeoCell> cells = stackalloc GeoCell[GeoShape.MostCells];
        foreach (var cell in cells[..shape.Cover(cells)])
        {
            var rank = set.RankOf(SortedSetCut.Before(cell.FirstScore));
            var end = set.RankOf(SortedSetCut.Before(cell.EndScore));
            foreach (var element in set.Range(rank, Math.Max(0, end - rank)))
            {
                var position = GeoCell.OfScore(element.Score).Middle;
                if (shape.Contains(position, out var distance))
                    points.Add(new GeoPoint(rank, element.Score, position, distance, points.Count));
                if (points.Count >= limit) return;
                rank++;
            }
        }
    }

    private static void Reply(
        CommandContext call, scoped in SortedSetValue set, in GeoQuery query, ReadOnlySpan<GeoPoint> points)
    {
        var more = (query.WithDistance ? 1 : 0) + (query.WithHash ? 1 : 0) + (query.WithPosition ? 1 : 0);
        call.Reply.Array(points.Length);
        foreach (ref readonly var point in points)
        {
            if (more > 0) call.Reply.Array(more + 1);
            foreach (var element in set.Range(point.Rank, 1)) SortedSetReplies.Member(call, element);
            if (query.WithDistance) Geo.ReplyDistance(call, point.Distance / query.Unit);
            if (query.WithHash) call.Reply.Integer((long)point.Score);
            if (query.WithPosition) Geo.ReplyPosition(call, point.Position);
        }
    }

    private static void Store(
        CommandContext call, scoped in SortedSetValue set, in GeoQuery query, ReadOnlySpan<GeoPoint> points, KeyEvent what)
    {
        var target = call.Key(query.StoreAt);
        using var assembly = call.Database.AssembleSortedSet(target.Slot);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (ref readonly var point in points)
        {
            foreach (var element in set.Range(point.Rank, 1))
                assembly.Add(
                    element.Member.Text(scratch), query.StoresDistances ? point.Distance / query.Unit : point.Score);
        }

        SortedSetRanges.Store(call, target, assembly, what);
    }
}
