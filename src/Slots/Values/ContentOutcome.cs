namespace Starling.Slots.Values;

/// <summary>What came of reading the content of a value.</summary>
public enum ContentOutcome
{
    /// <summary>The value is there.</summary>
    Read,

    /// <summary>The content is that of a collection without elements, which no key can hold.</summary>
    Empty,

    /// <summary>The reader could not give a piece: the input ended, or is damaged.</summary>
    EndedEarly,

    /// <summary>The pieces are no valid content.</summary>
    Invalid,
}
