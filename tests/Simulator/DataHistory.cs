namespace Starling.Simulator;

/// <summary>
/// A line of writes, as a replication id names one. A promotion begins a new one that goes on from a place in another;
/// data that were lost or flushed begin one of their own.
/// </summary>
internal sealed class DataHistory(DataHistory? parent, long forkedAt)
{
    /// <summary>What it goes on from; null when it began with nothing.</summary>
    public DataHistory? Parent { get; } = parent;

    /// <summary>The offset in the parent at which it began.</summary>
    public long ForkedAt { get; } = forkedAt;

    /// <summary>
    /// The offset up to which a history is part of data at an offset of this one; 0 when it is not part of it at all.
    /// </summary>
    public long Reaches(long offset, DataHistory history)
    {
        for (var at = this; at is not null; at = at.Parent)
        {
            if (at == history) return offset;
            offset = Math.Min(offset, at.ForkedAt);
        }

        return 0;
    }

    /// <summary>The first write that is in no other history but this line's: where two lines separate.</summary>
    public bool IsRelatedTo(DataHistory other) => Root == other.Root;

    private DataHistory Root
    {
        get
        {
            var root = this;
            while (root.Parent is { } parent) root = parent;
            return root;
        }
    }
}
