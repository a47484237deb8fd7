namespace Starling.Slots.Values.SortedSets;

/// <summary>When a change of a score takes place, and how; the options of ZADD.</summary>
[Flags]
public enum SortedSetConditions
{
    /// <summary>Always; the score is the new one.</summary>
    None = 0,

    /// <summary>The score is added to the present one, 0 for a new member.</summary>
    Increment = 1 << 0,

    /// <summary>Only a member that is not there yet.</summary>
    OnlyNew = 1 << 1,

    /// <summary>Only a member that is there.</summary>
    OnlyPresent = 1 << 2,

    /// <summary>A member that is there gets a higher score only.</summary>
    OnlyGreater = 1 << 3,

    /// <summary>A member that is there gets a lower score only.</summary>
    OnlyLess = 1 << 4,
}
