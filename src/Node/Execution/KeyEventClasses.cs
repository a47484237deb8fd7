namespace Starling.Node.Execution;

/// <summary>The classes of keyspace events that <c>notify-keyspace-events</c> chooses from.</summary>
[Flags]
public enum KeyEventClasses
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>'g': commands on keys of any kind, such as DEL and EXPIRE.</summary>
    Generic = 1 << 0,

    /// <summary>'$': commands on strings.</summary>
    String = 1 << 1,

    /// <summary>'l': commands on lists.</summary>
    List = 1 << 2,

    /// <summary>'s': commands on sets.</summary>
    Set = 1 << 3,

    /// <summary>'h': commands on hashes.</summary>
    Hash = 1 << 4,

    /// <summary>'z': commands on sorted sets.</summary>
    SortedSet = 1 << 5,

    /// <summary>'x': keys deleted because they had expired.</summary>
    Expired = 1 << 6,

    /// <summary>'e': keys deleted because memory was short.</summary>
    Evicted = 1 << 7,

    /// <summary>'t': commands on streams.</summary>
    Stream = 1 << 8,

    /// <summary>'m': keys that were read and are not there.</summary>
    Miss = 1 << 9,

    /// <summary>'n': keys that came to be.</summary>
    New = 1 << 10,

    /// <summary>'K': the channels of keys, which tell the events. No class.</summary>
    KeyChannels = 1 << 11,

    /// <summary>'E': the channels of events, which tell the keys. No class.</summary>
    EventChannels = 1 << 12,
}
