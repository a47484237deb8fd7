namespace Starling.Slots.Values.Hashes;

/// <summary>How large a hash may be as a listpack (<c>hash-max-listpack-*</c>).</summary>
internal readonly struct HashLimits(ValueOptions options)
{
    private readonly long _entries = options.HashMaxListpackEntries;
    private readonly long _bytes = options.HashMaxListpackValue;

    /// <summary>A hash of so many fields is too large.</summary>
    public bool ForbidCount(long count) => count > _entries;

    /// <summary>A field or value of this length is too long.</summary>
    public bool ForbidLength(long length) => length > _bytes;
}
