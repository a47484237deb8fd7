namespace Starling.Slots.Values.SortedSets;

/// <summary>What became of a member whose score was to change.</summary>
public enum SortedSetChange
{
    /// <summary>Nothing: a condition was not met.</summary>
    Refused,

    /// <summary>The sum of the scores is no number: nothing has changed.</summary>
    NotANumber,

    /// <summary>The member is new.</summary>
    Added,

    /// <summary>The member has another score.</summary>
    Updated,

    /// <summary>The member had that score already.</summary>
    Unchanged,
}
