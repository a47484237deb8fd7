namespace Starling.Slots;

/// <summary>What one thread holds, as far as the order of locks is concerned. Used by that thread alone.</summary>
internal sealed class HeldLocks
{
    private (LockRank Rank, string Name)[] _locks = new (LockRank, string)[8];
    private int _count;
    private int _stripes;

    /// <summary>
    /// What is done about a rule that is broken; gets what happened. Stops the process unless a test says otherwise.
    /// </summary>
    public Action<string> OnViolation { get; set; } = Invariant.Broken;

    /// <summary>The thread holds a stripe, of whatever keyspace.</summary>
    public bool HasStripe => _stripes > 0;

    /// <summary>Whoever needs its stripes waits for what takes long already.</summary>
    public bool IsHeldUp { get; set; }

    /// <summary>Checks that a lock may be waited for: its rank is above all that are held.</summary>
    public void Check(LockRank rank, string name)
    {
        if (_stripes > 0 && rank <= LockRank.Stripe)
            OnViolation($"locks are taken in rising rank: {Describe(rank, name)} under a stripe");
        CheckAbove(rank, name);
    }

    /// <summary>
    /// Checks that a stripe may be waited for, as far as other locks go; whether it is above the stripes that are held is
    /// for their keyspace to say.
    /// </summary>
    public void CheckStripe() => CheckAbove(LockRank.Stripe, "a stripe");

    /// <summary>Notes a lock that is held now.</summary>
    public void Add(LockRank rank, string name)
    {
        if (_count == _locks.Length) Array.Resize(ref _locks, _count * 2);
        _locks[_count++] = (rank, name);
    }

    /// <summary>Notes that a lock is let go, the one taken last of those with the name.</summary>
    public void Remove(LockRank rank, string name)
    {
        var at = _count - 1;
        while (at >= 0 && _locks[at] != (rank, name)) at--;
        Invariant.That(at >= 0);
        _count--;
        Array.Copy(_locks, at + 1, _locks, at, _count - at);
    }

    /// <summary>Notes that a stripe, some or all of them are held now.</summary>
    public void AddStripe() => _stripes++;

    /// <summary>Notes the end of one <see cref="AddStripe"/>.</summary>
    public void RemoveStripe()
    {
        Invariant.That(_stripes > 0);
        _stripes--;
    }

    /// <summary>Checks that no stripe is held.</summary>
    public void CheckMayBlock(string what)
    {
        if (_stripes > 0 && !IsHeldUp) OnViolation($"nothing blocks while a stripe is held: {what}");
    }

    /// <summary>Checks that no lock is held for which others spin.</summary>
    public void CheckNobodySpins(string what)
    {
        for (var i = 0; i < _count; i++)
            if (_locks[i].Rank == LockRank.Memory) OnViolation($"nobody is to spin over a call to the system: {what} under {_locks[i].Name}");
    }

    private void CheckAbove(LockRank rank, string name)
    {
        for (var i = 0; i < _count; i++)
        {
            var (heldRank, heldName) = _locks[i];
            if (rank <= heldRank)
                OnViolation($"locks are taken in rising rank: {Describe(rank, name)} under {Describe(heldRank, heldName)}");
        }
    }

    private static string Describe(LockRank rank, string name) => $"{name} ({rank})";
}
