using System.Globalization;
using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>
/// The commands on places, but for those that search: a place is a member of a sorted set whose score is a geohash
/// (<see cref="GeoCell"/>).
/// </summary>
public static class Geo
{
    private const int HashLength = 11;
    private const int HashBits = 52;
    private const int BitsPerLetter = 5;
    private const double PoleLatitude = 90;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("geoadd", -5, CommandFlags.Write | CommandFlags.DenyOom, "RW update", "3.2.0",
            "Adds places to a sorted set, or moves them.", GeoAdd),
        Row("geodist", -4, CommandFlags.ReadOnly, "RO access", "3.2.0",
            "Returns the distance between two places of a sorted set.", GeoDist),
        Row("geohash", -2, CommandFlags.ReadOnly, "RO access", "3.2.0",
            "Returns places of a sorted set as geohash texts.", GeoHash),
        Row("geopos", -2, CommandFlags.ReadOnly, "RO access", "3.2.0",
            "Returns the longitudes and latitudes of places of a sorted set.", GeoPos),
    ];

    private static ReadOnlySpan<byte> Letters => "0123456789bcdefghjkmnpqrstuvwxyz"u8;

    /// <summary>A row of a command on one sorted set of places at the first argument.</summary>
    internal static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        string keyFlags,
        string since,
        string summary,
        CommandHandler handler) =>
        new(name, arity, flags, KeySpec.At(1), handler)
        {
            KeyFlags = keyFlags,
            AclCategories = ["geo"],
            Group = "geo",
            Since = since,
            Summary = summary,
        };

    /// <summary>Reads a longitude and the latitude behind it; otherwise the error is replied.</summary>
    internal static bool TryPosition(CommandContext call, int index, out GeoPosition position)
    {
        position = default;
        if (!SortedSets.TryScore(call, index, out var longitude) || !SortedSets.TryScore(call, index + 1, out var latitude))
            return false;
        if (Math.Abs(longitude) <= GeoCell.MaxLongitude && Math.Abs(latitude) <= GeoCell.MaxLatitude)
        {
            position = new GeoPosition(longitude, latitude);
            return true;
        }

        call.Reply.Error($"ERR invalid longitude,latitude pair {Six(longitude)},{Six(latitude)}");
        return false;
    }

    /// <summary>Reads a unit of length as its metres; otherwise the error is replied.</summary>
    internal static bool TryUnit(CommandContext call, int index, out double metres)
    {
        metres = call.Is(index, "m"u8) ? 1
            : call.Is(index, "km"u8) ? 1000
            : call.Is(index, "ft"u8) ? 0.3048
            : call.Is(index, "mi"u8) ? 1609.34 : 0;
        if (metres > 0) return true;
        call.Reply.Error("ERR unsupported unit provided. please use M, KM, FT, MI"u8);
        return false;
    }

    /// <summary>Replies with a distance: a text with four digits behind the point.</summary>
    internal static void ReplyDistance(CommandContext call, double distance)
    {
        Span<byte> text = stackalloc byte[512];
        distance.TryFormat(text, out var length, "F4", CultureInfo.InvariantCulture);
        call.Reply.Bulk(text[..length]);
    }

    /// <summary>Replies with longitude and latitude.</summary>
    internal static void ReplyPosition(CommandContext call, GeoPosition position)
    {
        call.Reply.Array(2);
        call.Reply.PlainDouble(position.Longitude);
        call.Reply.PlainDouble(position.Latitude);
    }

    private static string Six(double value) => double.IsInfinity(value)
        ? (value > 0 ? "inf" : "-inf")
        : value.ToString("F6", CultureInfo.InvariantCulture);

    private static void GeoAdd(CommandContext call)
    {
        var conditions = SortedSetConditions.None;
        var countsUpdates = false;
        var at = 2;
        for (; at < call.Count; at++)
        {
            if (call.Is(at, "nx"u8)) conditions |= SortedSetConditions.OnlyNew;
            else if (call.Is(at, "xx"u8)) conditions |= SortedSetConditions.OnlyPresent;
            else if (call.Is(at, "ch"u8)) countsUpdates = true;
            else break;
        }

        const SortedSetConditions contradiction = SortedSetConditions.OnlyNew | SortedSetConditions.OnlyPresent;
        var left = call.Count - at;
        if (left == 0 || left % 3 != 0 || (conditions & contradiction) == contradiction)
        {
            call.SyntaxError();
            return;
        }

        for (var i = at; i < call.Count; i += 3)
            if (!TryPosition(call, i, out _)) return;
        var key = call.Key(1);
        if (!call.TryOpen<SortedSetValue>(key, out var set)) return;
        long added = 0, updated = 0;
        for (var i = at; i < call.Count; i += 3)
        {
            var change = set.Change(call[i + 2], ScoreAt(call, i), conditions, out _);
            if (change == SortedSetChange.Added) added++;
            else if (change == SortedSetChange.Updated) updated++;
        }

        if (added + updated > 0)
        {
            call.Changed(key, KeyEvent.ZAdd, added + updated);
            DeclareScores(call, at);
        }

        call.Reply.Integer(added + (countsUpdates ? updated : 0));
    }

    /// <summary>What goes to replicas says the scores, which nobody has to compute again.</summary>
    private static void DeclareScores(CommandContext call, int firstPlace)
    {
        using var effect = call.BeginEffect();
        effect.Add("zadd"u8);
        for (var i = 1; i < firstPlace; i++) effect.Add(call[i]);
        for (var i = firstPlace; i < call.Count; i += 3)
        {
            effect.Add((long)ScoreAt(call, i));
            effect.Add(call[i + 2]);
        }
    }

    private static double ScoreAt(CommandContext call, int index)
    {
        Invariant.That(TryPosition(call, index, out var position));
        return GeoCell.Of(position, GeoCell.MaxStep).FirstScore;
    }

    private static void GeoDist(CommandContext call)
    {
        if (call.Count > 5)
        {
            call.SyntaxError();
            return;
        }

        double unit = 1;
        if (call.Count == 5 && !TryUnit(call, 4, out unit)) return;
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        if (!set.TryScore(call[2], out var first) || !set.TryScore(call[3], out var second))
        {
            call.Reply.Null();
            return;
        }

        ReplyDistance(call, GeoCell.OfScore(first).Middle.DistanceTo(GeoCell.OfScore(second).Middle) / unit);
    }

    private static void GeoHash(CommandContext call)
    {
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        call.Reply.Array(call.Count - 2);
        Span<byte> text = stackalloc byte[HashLength];
        for (var i = 2; i < call.Count; i++)
        {
            if (!set.TryScore(call[i], out var score))
            {
                call.Reply.Null();
                continue;
            }

            // The texts that everybody knows are of a grid that reaches to the poles; the last letter has no bits left.
            var hash = GeoCell.Of(GeoCell.OfScore(score).Middle, GeoCell.MaxStep, PoleLatitude).Hash;
            for (var letter = 0; letter < HashLength - 1; letter++)
                text[letter] = Letters[(int)(hash >> (HashBits - ((letter + 1) * BitsPerLetter))) & 0x1F];
            text[HashLength - 1] = Letters[0];
            call.Reply.Bulk(text);
        }
    }

    private static void GeoPos(CommandContext call)
    {
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++)
        {
            if (set.TryScore(call[i], out var score)) ReplyPosition(call, GeoCell.OfScore(score).Middle);
            else call.Reply.NullArray();
        }
    }
}
