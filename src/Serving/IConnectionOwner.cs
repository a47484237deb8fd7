namespace Starling.Serving;

/// <summary>
/// Who has taken a connection over, to feed it: what its owner sends goes out as it is. Told on the connection's
/// thread, under no lock.
/// </summary>
public interface IConnectionOwner
{
    /// <summary>Everything pushed has gone to the socket, and there is room for more. Short, without waiting.</summary>
    void OnDrained();

    /// <summary>A part of what was pushed has gone to the socket, or all of it. Short, without waiting.</summary>
    void OnSent();

    /// <summary>The connection is gone. Once.</summary>
    void OnClosed();
}
