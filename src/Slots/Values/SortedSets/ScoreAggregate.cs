namespace Starling.Slots.Values.SortedSets;

/// <summary>How one score is made of two (AGGREGATE).</summary>
public enum ScoreAggregate
{
    /// <summary>Their sum, 0 when that is no number.</summary>
    Sum,

    /// <summary>The lower one.</summary>
    Min,

    /// <summary>The higher one.</summary>
    Max,
}
