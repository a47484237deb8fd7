namespace Starling.Slots.Keyspace;

/// <summary>
/// A large value as it was at one moment, on its way into a snapshot. The saver reads it part by part, in order, under
/// the stripe of <see cref="Slot"/>, letting go of it in between. Every other member needs that stripe.
/// </summary>
internal abstract class FrozenView(FrozenValue value)
{
    /// <summary>
    /// The slot whose stripe guards the value; RENAME may change it under both stripes, so who has taken a stripe looks
    /// again.
    /// </summary>
    public int Slot => value.Slot;

    /// <summary>Writes the next part of the value's content, some tens of microseconds' worth.</summary>
    /// <returns>False when that was the last one.</returns>
    public abstract bool SaveSome(SnapshotRecords records);

    /// <summary>Ends the view, read to its end or not.</summary>
    public void Release()
    {
        FreeCopies();
        value.Remove(this);
    }

    /// <summary>Frees what was copied for this view.</summary>
    protected abstract void FreeCopies();
}
