namespace Starling.Transport;

/// <summary>The thread that serves transports: polls for them and runs what is posted to it.</summary>
public interface ITransportThread
{
    /// <summary>What it waits with; the thread's own.</summary>
    IPoller Poller { get; }

    /// <summary>What leaves together at the end of a round; null where every send is a call of its own.</summary>
    SendBatch? Sends { get; }

    /// <summary>Has a task run on the thread. Any thread.</summary>
    /// <returns>False when the thread has ended: the task does not run then.</returns>
    bool Post(IIoTask task);
}
