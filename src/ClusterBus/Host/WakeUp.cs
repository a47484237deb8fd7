namespace Starling.ClusterBus.Host;

/// <summary>Wakes the thread that polls, once however often it is asked before it looks.</summary>
internal sealed class WakeUp(IPoller poller)
{
    private int _raised;

    /// <summary>Ends the poll, or the next one. Any thread.</summary>
    public void Raise()
    {
        if (Interlocked.Exchange(ref _raised, 1) == 0) poller.Wake();
    }

    /// <summary>The poll has ended; before the polling thread looks at what it was woken for.</summary>
    public void Clear() => Interlocked.Exchange(ref _raised, 0);
}
