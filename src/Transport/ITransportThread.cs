namespace Starling.Transport;

/// <summary>The thread that serves transports: polls for them and runs what is posted to it.</summary>
public interface ITransportThread
{
    /// <summary>What it waits with; the thread's own.</summary>
    IPoller Poller { get; }

    /// <summary>Has a task run on the thread. Any thread.</summary>
    /// <returns>False when the thread has ended: the task does not run then.</returns>
    bool Post(IIoTask task);
}
