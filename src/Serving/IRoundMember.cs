namespace Starling.Serving;

/// <summary>Who has something to do at the end of a round; see <see cref="IoThread.AddToRound"/>.</summary>
public interface IRoundMember
{
    /// <summary>The round ends: sends what it has to say. On the thread, without waiting.</summary>
    void EndRound();
}
