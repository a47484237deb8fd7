namespace Starling.Slots.Values;

/// <summary>How large a listpack of a list may become (directive <c>list-max-listpack-size</c>).</summary>
internal readonly struct ListLimits
{
    private const int SmallestBytes = 4096;
    private const int MostDoublings = 4;

    /// <summary>No listpack that is limited by its number of elements is longer than this.</summary>
    private const int SafeBytes = 8192;

    private readonly long _largeFrom;
    private readonly bool _isByCount;

    public ListLimits(ValueOptions options)
    {
        var size = options.ListMaxListpackSize;
        _isByCount = size >= 0;
        MaxCount = size < 0 ? int.MaxValue : Math.Max(1, size);
        MaxBytes = size < 0 ? SmallestBytes << (int)Math.Min(-(long)size - 1, MostDoublings) : SafeBytes;
        _largeFrom = options.ListPackedThreshold > 0 ? options.ListPackedThreshold : MaxBytes + 1L;
    }

    /// <summary>The most bytes.</summary>
    public int MaxBytes { get; }

    /// <summary>The most elements.</summary>
    public int MaxCount { get; }

    /// <summary>A listpack of that size would be too large.</summary>
    public bool Forbid(long bytes, long count) => bytes > MaxBytes || count > MaxCount;

    /// <summary>A list of one node that is read from somewhere becomes a single listpack.</summary>
    public bool Allow(long bytes, long count) => (_isByCount || bytes <= MaxBytes) && count <= MaxCount;

    /// <summary>A list that shrinks to this becomes a single listpack: well below where it stopped being one.</summary>
    public bool AreFarFrom(long bytes, long count) =>
        (_isByCount || bytes <= MaxBytes / 2) && count <= MaxCount / 2;

    /// <summary>An element of that length gets a node of its own that is no listpack.</summary>
    public bool IsLarge(int length) => length >= _largeFrom;
}
