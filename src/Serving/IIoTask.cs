namespace Starling.Serving;

/// <summary>Something to do on an I/O thread; see <see cref="IoThread.Post"/>.</summary>
public interface IIoTask
{
    /// <summary>Does it, on the thread, without waiting. What it throws stops the process.</summary>
    void Run();
}
