namespace Starling.Serving;

/// <summary>What became of a command.</summary>
public enum DispatchOutcome
{
    /// <summary>It was answered (or will never be); the next may follow.</summary>
    Done,

    /// <summary>The gate lets it pass; it has not run yet. Within the host only.</summary>
    Admitted,

    /// <summary>Clients are paused: it was not executed and has to be dispatched again afterwards.</summary>
    Held,

    /// <summary>The client waits for a key: it has to be dispatched again when that is ready or the wait is over.</summary>
    Blocked,

    /// <summary>
    /// It is a line of HTTP that a browser was lured into sending: close without a word, as Redis does.
    /// </summary>
    CrossProtocol,
}
