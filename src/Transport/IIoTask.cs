namespace Starling.Transport;

/// <summary>Something to do on a thread that serves transports; see <see cref="ITransportThread.Post"/>.</summary>
public interface IIoTask
{
    /// <summary>Does it, on the thread, without waiting. What it throws stops the process.</summary>
    void Run();
}
