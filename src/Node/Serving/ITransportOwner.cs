namespace Starling.Node.Serving;

/// <summary>Is told what a transport completed.</summary>
public interface ITransportOwner
{
    /// <summary>A receive that was under way has ended. On an I/O thread.</summary>
    /// <param name="received">Bytes; 0 at the end of the stream, negative when it is broken.</param>
    void OnReceived(int received);

    /// <summary>A send that was under way has ended. On an I/O thread.</summary>
    /// <param name="broken">The stream is broken; otherwise all was sent.</param>
    void OnSent(bool broken);
}
