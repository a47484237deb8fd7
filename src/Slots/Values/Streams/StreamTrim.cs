namespace Starling.Slots.Values.Streams;

/// <summary>What is taken out of a stream from its first entry on.</summary>
public readonly record struct StreamTrim
{
    /// <summary>All but the last <see cref="MaxLength"/>; otherwise what has a smaller id than <see cref="MinId"/>.
    /// </summary>
    public bool IsByLength { get; init; }

    /// <summary>How many entries may stay.</summary>
    public ulong MaxLength { get; init; }

    /// <summary>The smallest id that stays.</summary>
    public StreamId MinId { get; init; }

    /// <summary>Only whole nodes are taken out.</summary>
    public bool IsApproximate { get; init; }

    /// <summary>The most entries that are taken out; 0 for any number.</summary>
    public long Limit { get; init; }
}
