namespace Starling.Slots.Values;

/// <summary>What becomes of a number that does not fit into its field (BITFIELD's OVERFLOW).</summary>
public enum BitFieldOverflow
{
    /// <summary>The bits that do not fit are dropped.</summary>
    Wrap,

    /// <summary>The nearest number that fits takes its place.</summary>
    Saturate,

    /// <summary>Nothing is written.</summary>
    Fail,
}
