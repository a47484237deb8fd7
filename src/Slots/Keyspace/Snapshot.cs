namespace Starling.Slots.Keyspace;

/// <summary>A snapshot under way; see <see cref="Keyspace.StartSnapshot"/>.</summary>
public sealed class Snapshot : IDisposable
{
    internal Snapshot()
    {
    }

    /// <summary>
    /// Visits a bounded part (some tens of microseconds of lock time), taking the stripe lock itself; called in a loop by the one
    /// saver thread, which waits between calls while its output is full.
    /// </summary>
    /// <returns>False when every part has been visited: the sink has got every key.</returns>
    public bool Advance() => throw new NotSupportedException();

    /// <summary>Ends the snapshot, finished or abandoned, and frees what was kept for it. Takes every stripe itself.</summary>
    public void Dispose()
    {
    }
}
