namespace Starling.Serving;

/// <summary>
/// What something is pushed for, a subscription say. Once it has ended nothing more of it is pushed: what was pushed before
/// is in the client's output by then (<see cref="ClientConnection.SettlePushes"/>). Any thread.
/// </summary>
public class PushSource
{
    private volatile bool _hasEnded;

    /// <summary>Nothing more is pushed for it.</summary>
    public bool HasEnded => _hasEnded;

    /// <summary>Ends it, for good.</summary>
    public void End() => _hasEnded = true;
}
