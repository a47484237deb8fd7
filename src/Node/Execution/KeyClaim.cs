using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// What is kept from other clients from the change that wakes a client until nobody is left whom that change, or a command
/// that it let run, can serve. It goes from woken client to woken client. Guarded by the stripes of its keys.
/// </summary>
internal sealed class KeyClaim
{
    /// <summary>
    /// The keys that are to be looked at: the first is the one that the client was woken for, the others have become ready
    /// with it, and serve when all is served that the first can serve, as in Redis.
    /// </summary>
    public ReadyKeys Ready { get; } = new();

    /// <summary>How many of them, from the first on, are marked in their queues.</summary>
    public int Marked { get; set; }

    /// <summary>Some client was woken: others are held back.</summary>
    public bool IsActive { get; set; }

    /// <summary>It keeps all keys that commands which wait for one key have besides it.</summary>
    public bool IsWide { get; set; }

    /// <summary>The stripes in which it keeps such keys, when it is not wide.</summary>
    public StripeSet Stripes { get; set; }

    /// <summary>Going on with it needs stripes beyond those of the woken client's keys.</summary>
    public bool NeedsEverything { get; set; }
}
