namespace Starling.Node.Serving;

/// <summary>A key that a client watches.</summary>
/// <param name="session">Who watches.</param>
/// <param name="database">Index of the database.</param>
/// <param name="key">The key's bytes.</param>
internal sealed class WatchedKey(NodeSession session, int database, byte[] key)
{
    public NodeSession Session => session;

    public int Database => database;

    public byte[] Key => key;

    /// <summary>The key existed, not expired, when WATCH was given.</summary>
    public bool Existed { get; init; }

    /// <summary>The key was there but expired when WATCH was given: its removal is no change.</summary>
    public bool WasExpired { get; set; }

    /// <summary><see cref="WatchedDatabase.Contents"/> when WATCH was given.</summary>
    public long ContentsSeen { get; set; }

    /// <summary><see cref="WatchedDatabase.UnseenSwaps"/> when WATCH was given.</summary>
    public long SwapsSeen { get; set; }
}
