namespace Starling.Transport;

/// <summary>Who is told what a <see cref="PollSource"/> is ready for. On the thread that polls.</summary>
public interface IPollOwner
{
    /// <summary>It can be told in the middle of what somebody else does on the thread.</summary>
    bool IsServedMeanwhile => false;

    /// <summary>It is ready for some of what is wanted, or broken.</summary>
    void OnReady(Readiness readiness);

    /// <summary>The thread ends: what is polled is to be closed.</summary>
    void End();
}
