namespace Starling.Slots.Values;

/// <summary>
/// What kind of value a key holds. The numbers are those that Redis gives its types, which digests of data sets
/// contain; an entry has room for 16.
/// </summary>
internal enum ValueKind : byte
{
    /// <summary>A string.</summary>
    String = 0,

    /// <summary>A list.</summary>
    List = 1,

    /// <summary>A set.</summary>
    Set = 2,

    /// <summary>A sorted set.</summary>
    SortedSet = 3,

    /// <summary>A hash.</summary>
    Hash = 4,

    /// <summary>A stream.</summary>
    Stream = 6,
}
