namespace Starling.Serving;

/// <summary>Why a client's command is held back, to come again as a whole.</summary>
internal enum HoldReason : byte
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>Of its keys: they are on the move, or kept for a woken client; or what it waits for is being loaded.</summary>
    Keys,

    /// <summary>Of a pause.</summary>
    Pause,

    /// <summary>Of those who were held by a pause that is over, and go first.</summary>
    Line,
}
