namespace Starling.Slots;

/// <summary>
/// A lock of the rank <see cref="LockRank.Memory"/> that is held for some tens of nanoseconds, so that who waits for it
/// spins. Not re-entrant. A field of this type must not be readonly.
/// </summary>
internal struct RankedSpinLock
{
    private readonly string _name;
    private SpinLock _lock;

    /// <summary>Makes a lock.</summary>
    /// <param name="name">Whose lock it is, for messages.</param>
    public RankedSpinLock(string name)
    {
        _name = name;
        _lock = new SpinLock(enableThreadOwnerTracking: false);
    }

    /// <summary>Takes it.</summary>
    /// <param name="taken">False before; true when it is held afterwards.</param>
    public void Enter(ref bool taken)
    {
        if (LockOrder.IsChecked) LockOrder.Held.Check(LockRank.Memory, _name);
        _lock.Enter(ref taken);
        if (LockOrder.IsChecked) LockOrder.Held.Add(LockRank.Memory, _name);
    }

    /// <summary>Lets it go.</summary>
    public void Exit()
    {
        if (LockOrder.IsChecked) LockOrder.Held.Remove(LockRank.Memory, _name);
        _lock.Exit(useMemoryBarrier: true);
    }
}
