namespace Starling.Transport;

/// <summary>Starts threads in bad times.</summary>
public static class ThreadStart
{
    /// <summary>
    /// Starts a thread; false when the system has nothing left for one. The runtime needs two descriptors for a moment
    /// to start a thread, and says that it is out of memory when there are none.
    /// </summary>
    public static bool TryStart(this Thread thread)
    {
        try
        {
            thread.Start();
            return true;
        }
        catch (Exception none) when (none is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
    }
}
