namespace Starling.Transport;

/// <summary>Is told what a transport is ready for. On the transport's thread.</summary>
public interface ITransportOwner
{
    /// <summary>It can be told in the middle of what somebody else does on the thread.</summary>
    bool IsServedMeanwhile => false;

    /// <summary>There is something to receive (the end of the stream included), or room to send.</summary>
    void OnReady(bool readable, bool writable);

    /// <summary>
    /// The transport is closed. Once, and the last that is told; where the thread has ended already, by whom started
    /// it.
    /// </summary>
    void OnClosed();
}
