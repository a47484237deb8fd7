namespace Starling.Slots.Keyspace;

/// <summary>Stands behind what somebody waits for; see <see cref="FreeingQueue.WhenFreed"/>.</summary>
internal sealed class FreeingMark(Action done) : Freeable
{
    /// <inheritdoc/>
    public override long Objects => 0;

    /// <inheritdoc/>
    public override bool FreeSome(Keyspace keyspace)
    {
        done();
        return false;
    }
}
