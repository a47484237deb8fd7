namespace Starling.Slots.Values.SortedSets;

/// <summary>Makes one score of two.</summary>
public static class ScoreAggregates
{
    /// <summary>The score that is made of one and another one; where that is NaN it counts for nothing in a comparison.</summary>
    public static double Apply(this ScoreAggregate aggregate, double score, double other)
    {
        switch (aggregate)
        {
            case ScoreAggregate.Min:
                return other < score ? other : score;
            case ScoreAggregate.Max:
                return other > score ? other : score;
            default:
                var sum = score + other;
                return double.IsNaN(sum) ? 0 : sum;
        }
    }
}
