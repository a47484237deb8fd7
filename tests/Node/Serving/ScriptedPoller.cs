namespace Starling.Node.Tests.Serving;

/// <summary>Nothing to wait for: the test runs the rounds of its thread by hand.</summary>
internal sealed class ScriptedPoller : IPoller
{
    /// <summary>Number of times that somebody wanted to wake the thread.</summary>
    public int WakeUps { get; private set; }

    /// <summary>How long the last wait was to be, in milliseconds.</summary>
    public int LastWait { get; private set; }

    /// <summary>Runs within a wait, as what other threads do meanwhile.</summary>
    public Action? Meanwhile { get; set; }

    public IReadOnlyCollection<PollSource> Watched => [];

    public void Add(PollSource source) => throw new NotSupportedException();

    public void Change(PollSource source) => throw new NotSupportedException();

    public void Remove(PollSource source) => throw new NotSupportedException();

    public int Wait(int milliseconds)
    {
        LastWait = milliseconds;
        Meanwhile?.Invoke();
        return 0;
    }

    public PollSource? Ready(int index, out Readiness readiness) => throw new NotSupportedException();

    public void Wake() => WakeUps++;

    public void Dispose()
    {
        // Holds nothing.
    }
}
