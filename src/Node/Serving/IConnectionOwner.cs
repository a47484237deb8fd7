namespace Starling.Node.Serving;

/// <summary>Who has taken a connection over, to feed it: see <see cref="ClientConnection.TakeOver"/>.</summary>
public interface IConnectionOwner
{
    /// <summary>Everything pushed has gone to the socket. Any thread, under no lock; short, without waiting.</summary>
    void OnDrained();

    /// <summary>The connection is gone. Once, any thread, under the connection's input lock only.</summary>
    void OnClosed();
}
