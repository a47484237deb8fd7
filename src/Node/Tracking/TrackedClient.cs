using Starling.Node.Serving;

namespace Starling.Node.Tracking;

/// <summary>
/// A client that tracks, as it has asked for it: replaced as a whole when it asks for something else. Written by the client's thread,
/// read by any.
/// </summary>
/// <param name="session">The client.</param>
/// <param name="connection">Its connection.</param>
/// <param name="modes">How it tracks.</param>
/// <param name="redirectTo">The id of the client that is told in its place; 0 for none.</param>
/// <param name="prefixes">The prefixes that it has asked for, in their order; none unless <see cref="TrackingModes.Broadcast"/>.</param>
/// <param name="period">What is pushed for it belongs to that; it ends with the tracking.</param>
internal sealed class TrackedClient(
    NodeSession session, ClientConnection connection, TrackingModes modes, long redirectTo, byte[][] prefixes, PushSource period)
{
    private volatile bool _isRedirectionBroken;

    /// <summary>The client.</summary>
    public NodeSession Session => session;

    /// <summary>Its connection.</summary>
    public ClientConnection Connection => connection;

    /// <summary>How it tracks.</summary>
    public TrackingModes Modes => modes;

    /// <summary>The id of the client that is told in its place; 0 for none.</summary>
    public long RedirectTo => redirectTo;

    /// <summary>The prefixes that it has asked for, in their order.</summary>
    public byte[][] Prefixes => prefixes;

    /// <summary>From when it began to track, whatever it has asked for since, until it ends.</summary>
    public PushSource Period => period;

    /// <summary>It is told of changes by prefix, not of what it has read.</summary>
    public bool IsBroadcast => (modes & TrackingModes.Broadcast) != 0;

    /// <summary>It is not told of what it has changed itself.</summary>
    public bool IsNoLoop => (modes & TrackingModes.NoLoop) != 0;

    /// <summary>When it was to be told of a change last, who is told in its place was gone.</summary>
    public bool IsRedirectionBroken => _isRedirectionBroken;

    /// <summary>CLIENT CACHING was given, for the command that comes next. The client's thread only.</summary>
    public bool IsCachingGiven { get; set; }

    /// <summary>What it reads now is to be remembered. The client's thread only.</summary>
    public bool Remembers => (modes & (TrackingModes.Broadcast | TrackingModes.OptIn | TrackingModes.OptOut)) switch
    {
        TrackingModes.None => true,
        TrackingModes.OptIn => IsCachingGiven,
        TrackingModes.OptOut => !IsCachingGiven,
        _ => false,
    };

    /// <summary>Who is to be told in its place is gone.</summary>
    public void NoteBrokenRedirection() => _isRedirectionBroken = true;
}
