namespace Starling.Serving;

/// <summary>Whose output waits until the log has reached an offset; see <see cref="CommitGate"/>.</summary>
public interface ICommitWaiter
{
    /// <summary>The gate has moved: it is to look again. Any thread.</summary>
    void Wake();

    /// <summary>What it waits for will never come: it ends at once. Any thread.</summary>
    void Close();
}
