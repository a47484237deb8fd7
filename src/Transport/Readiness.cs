namespace Starling.Transport;

/// <summary>What a socket is ready for.</summary>
[Flags]
public enum Readiness
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>There is something to receive, or the stream has ended.</summary>
    Readable = 1,

    /// <summary>There is room to send.</summary>
    Writable = 2,

    /// <summary>The stream is broken, whatever is watched.</summary>
    Broken = 4,
}
