namespace Starling.Slots.Values;

/// <summary>What BITOP makes of several strings, X the first of them.</summary>
public enum BitwiseOperation
{
    /// <summary>Bits that are set in all of them.</summary>
    And,

    /// <summary>Bits that are set in any of them.</summary>
    Or,

    /// <summary>Bits that are set in an odd number of them.</summary>
    Xor,

    /// <summary>Bits that are clear in X, the only one.</summary>
    Not,

    /// <summary>Bits of X that no other one has.</summary>
    Diff,

    /// <summary>Bits that another one has and X does not.</summary>
    Diff1,

    /// <summary>Bits of X that another one has too.</summary>
    AndOr,

    /// <summary>Bits that exactly one of them has.</summary>
    One,
}
