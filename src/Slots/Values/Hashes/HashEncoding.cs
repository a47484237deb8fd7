namespace Starling.Slots.Values.Hashes;

/// <summary>How a hash lies in memory.</summary>
internal enum HashEncoding
{
    /// <summary>A listpack of fields and values in turn.</summary>
    Pack,

    /// <summary>
    /// A listpack of fields, values and expiries in turn; an expiry is a number, in milliseconds of Unix time, 0 for none.
    /// </summary>
    ExpiringPack,

    /// <summary>A table of elements.</summary>
    Table,
}
