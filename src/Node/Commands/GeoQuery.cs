using Starling.Node.Serving;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>What a search for places was told, read in Redis's order: its errors depend on it.</summary>
internal struct GeoQuery
{
    private GeoPosition _center;
    private double _width;
    private double _height;
    private bool _hasMember;
    private bool _hasPosition;
    private bool _hasRadius;
    private bool _hasBox;

    /// <summary>Metres of the unit that distances are in.</summary>
    public double Unit { get; private set; }

    /// <summary>WITHDIST.</summary>
    public bool WithDistance { get; private set; }

    /// <summary>WITHHASH.</summary>
    public bool WithHash { get; private set; }

    /// <summary>WITHCOORD.</summary>
    public bool WithPosition { get; private set; }

    /// <summary>ASC: 1, DESC: -1, neither: 0.</summary>
    public int Order { get; private set; }

    /// <summary>COUNT; 0 for all.</summary>
    public long Count { get; private set; }

    /// <summary>ANY: the first that are found will do.</summary>
    public bool TakesAny { get; private set; }

    /// <summary>Position of the key that gets the result; 0 for none.</summary>
    public int StoreAt { get; private set; }

    /// <summary>What is stored are distances, not geohashes.</summary>
    public bool StoresDistances { get; private set; }

    /// <summary>What is searched.</summary>
    public readonly GeoShape Shape => new(_center, _width, _height, !_hasBox);

    /// <summary>Reads GEORADIUS: position, radius, unit and options.</summary>
    public static bool TryAround(CommandContext call, bool mayStore, out GeoQuery query)
    {
        query = default;
        return Geo.TryPosition(call, 2, out query._center) && query.TryRadius(call, 4)
            && query.TryOptions(call, 6, default, isSearch: false, mayStore);
    }

    /// <summary>Reads GEORADIUSBYMEMBER: member, radius, unit and options.</summary>
    public static bool TryAroundMember(
        CommandContext call, scoped in SortedSetValue set, bool mayStore, out GeoQuery query)
    {
        query = default;

        // Without any member nothing but the options is looked at.
        if (set.Exists && (!query.TryMember(call, 2, set) || !query.TryRadius(call, 3))) return false;
        return query.TryOptions(call, 5, set, isSearch: false, mayStore);
    }

    /// <summary>Reads GEOSEARCH, or GEOSEARCHSTORE whose target is the first argument.</summary>
    public static bool TrySearch(CommandContext call, scoped in SortedSetValue set, bool stores, out GeoQuery query)
    {
        query = new GeoQuery { Unit = 1, StoreAt = stores ? 1 : 0 };
        return query.TryOptions(call, stores ? 3 : 2, set, isSearch: true, mayStore: stores);
    }

    private bool TryOptions(CommandContext call, int at, scoped in SortedSetValue set, bool isSearch, bool mayStore)
    {
        for (; at < call.Count; at++)
        {
            var left = call.Count - at - 1;
            if (TryFlag(call, at)) continue;
            if (left >= 1 && call.Is(at, "count"u8))
            {
                if (!TryCount(call, ++at)) return false;
            }
            else if (isSearch && mayStore && call.Is(at, "storedist"u8))
            {
                StoresDistances = true;
            }
            else if (!isSearch && mayStore && left >= 1 && (call.Is(at, "store"u8) || call.Is(at, "storedist"u8)))
            {
                StoresDistances = call.Is(at, "storedist"u8);
                StoreAt = ++at;
            }
            else if (!isSearch || !IsShapeOption(call, at, left, out var length))
            {
                call.SyntaxError();
                return false;
            }
            else
            {
                if (!TryShapeOption(call, at, set)) return false;
                at += length;
            }
        }

        return AreCompatible(call, isSearch);
    }

    private bool TryFlag(CommandContext call, int at)
    {
        if (call.Is(at, "withdist"u8)) WithDistance = true;
        else if (call.Is(at, "withhash"u8)) WithHash = true;
        else if (call.Is(at, "withcoord"u8)) WithPosition = true;
        else if (call.Is(at, "any"u8)) TakesAny = true;
        else if (call.Is(at, "asc"u8)) Order = 1;
        else if (call.Is(at, "desc"u8)) Order = -1;
        else return false;
        return true;
    }

    /// <summary>True for an option that says what is searched, all its arguments being there, and no other one before it that
    /// excludes it.</summary>
    private readonly bool IsShapeOption(CommandContext call, int at, int left, out int length)
    {
        length = 0;
        if (!_hasPosition && call.Is(at, "frommember"u8)) length = 1;
        else if (!_hasMember && call.Is(at, "fromlonlat"u8)) length = 2;
        else if (!_hasBox && call.Is(at, "byradius"u8)) length = 2;
        else if (!_hasRadius && call.Is(at, "bybox"u8)) length = 3;
        return length > 0 && left >= length;
    }

    private bool TryShapeOption(CommandContext call, int at, scoped in SortedSetValue set)
    {
        if (call.Is(at, "frommember"u8))
        {
            _hasMember = true;
            return !set.Exists || TryMember(call, at + 1, set);
        }

        if (call.Is(at, "fromlonlat"u8))
        {
            _hasPosition = true;
            return Geo.TryPosition(call, at + 1, out _center);
        }

        if (call.Is(at, "byradius"u8))
        {
            _hasRadius = true;
            return TryRadius(call, at + 1);
        }

        _hasBox = true;
        return TryBox(call, at + 1);
    }

    private readonly bool AreCompatible(CommandContext call, bool isSearch)
    {
        if (StoreAt > 0 && (WithDistance || WithHash || WithPosition))
        {
            var what = isSearch ? "GEOSEARCHSTORE" : "STORE option in GEORADIUS";
            call.Reply.Error($"ERR {what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options");
            return false;
        }

        if (isSearch && !_hasMember && !_hasPosition)
        {
            call.ErrorQuoting("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for "u8, call[0], default);
            return false;
        }

        if (isSearch && !_hasRadius && !_hasBox)
        {
            call.ErrorQuoting("ERR exactly one of BYRADIUS and BYBOX can be specified for "u8, call[0], default);
            return false;
        }

        if (!TakesAny || Count > 0) return true;
        call.Reply.Error("ERR the ANY argument requires COUNT argument"u8);
        return false;
    }

    private bool TryCount(CommandContext call, int at)
    {
        if (!call.TryInteger(at, out long count)) return false;
        if (count <= 0)
        {
            call.Reply.Error("ERR COUNT must be > 0"u8);
            return false;
        }

        Count = count;
        return true;
    }

    private bool TryMember(CommandContext call, int at, scoped in SortedSetValue set)
    {
        if (set.TryScore(call[at], out var score))
        {
            _center = GeoCell.OfScore(score).Middle;
            return true;
        }

        call.Reply.Error("ERR could not decode requested zset member"u8);
        return false;
    }

    private bool TryRadius(CommandContext call, int at)
    {
        if (!TryLength(call, at, "ERR need numeric radius"u8, out var radius)) return false;
        if (radius < 0)
        {
            call.Reply.Error("ERR radius cannot be negative"u8);
            return false;
        }

        if (!Geo.TryUnit(call, at + 1, out var unit)) return false;
        Unit = unit;
        _width = _height = 2 * (radius * unit);
        return true;
    }

    private bool TryBox(CommandContext call, int at)
    {
        if (!TryLength(call, at, "ERR need numeric width"u8, out var width)) return false;
        if (!TryLength(call, at + 1, "ERR need numeric height"u8, out var height)) return false;
        if (width < 0 || height < 0)
        {
            call.Reply.Error("ERR height or width cannot be negative"u8);
            return false;
        }

        if (!Geo.TryUnit(call, at + 2, out var unit)) return false;
        Unit = unit;
        _width = width * unit;
        _height = height * unit;
        return true;
    }

    private static bool TryLength(CommandContext call, int at, ReadOnlySpan<byte> error, out double length)
    {
        if (Slots.DoubleParser.TryParseScore(call[at], out length)) return true;
        call.Reply.Error(error);
        return false;
    }
}
