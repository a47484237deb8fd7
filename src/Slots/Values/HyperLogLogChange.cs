namespace Starling.Slots.Values;

/// <summary>What came of raising a register of a HyperLogLog.</summary>
public enum HyperLogLogChange
{
    /// <summary>It had that count already, or a larger one.</summary>
    None,

    /// <summary>It has it now.</summary>
    Raised,

    /// <summary>The HyperLogLog is corrupt.</summary>
    Corrupt,

    /// <summary>Nothing has changed: a sparse one cannot hold it.</summary>
    NeedsDense,
}
