namespace Starling.Node.Serving;

/// <summary>
/// Who has taken a connection over, to feed it: see <see cref="ClientConnection.TakeOver"/>. Told on the connection's
/// thread, under no lock.
/// </summary>
public interface IConnectionOwner
{
    /// <summary>Everything pushed has gone to the socket, and there is room for more. Short, without waiting.</summary>
    void OnDrained();

    /// <summary>The connection is gone. Once.</summary>
    void OnClosed();
}
