namespace Starling.Slots.Values.Sets;

/// <summary>How the members of a set are kept.</summary>
internal enum SetForm : byte
{
    /// <summary>A block of sorted integers (<see cref="Sets.Intset"/>).</summary>
    Intset,

    /// <summary>A listpack, in the order in which members came.</summary>
    Listpack,

    /// <summary>A table of elements without values.</summary>
    Table,
}
