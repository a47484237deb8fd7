namespace Starling.Node.Tracking;

/// <summary>How CLIENT TRACKING was switched on.</summary>
[Flags]
internal enum TrackingModes
{
    /// <summary>The keys that the client reads are remembered.</summary>
    None = 0,

    /// <summary>BCAST: it is told of every change of a key with one of its prefixes, whatever it has read.</summary>
    Broadcast = 1,

    /// <summary>OPTIN: only what it reads behind CLIENT CACHING YES is remembered.</summary>
    OptIn = 2,

    /// <summary>OPTOUT: what it reads behind CLIENT CACHING NO is not remembered.</summary>
    OptOut = 4,

    /// <summary>NOLOOP: it is not told of what it has changed itself.</summary>
    NoLoop = 8,
}
