namespace Starling.Serving;

/// <summary>Why a suspension ended.</summary>
public enum SuspensionEnd
{
    /// <summary>What was waited for is there.</summary>
    Completed,

    /// <summary>The deadline passed.</summary>
    TimedOut,

    /// <summary>CLIENT UNBLOCK with ERROR; who waits is told <see cref="TimedOut"/>.</summary>
    Unblocked,

    /// <summary>The client is going away (closed, killed, role change); a reply may still be written.</summary>
    Cancelled,
}
