namespace Starling.Serving;

/// <summary>Who has something to do at the end of a round; see <see cref="IoThread.AddToRound"/>.</summary>
public interface IRoundMember
{
    /// <summary>It can be told in the middle of what somebody else does on the thread.</summary>
    bool IsServedMeanwhile => false;

    /// <summary>The round ends: sends what it has to say. On the thread, without waiting.</summary>
    void EndRound();
}
