using System.Runtime.CompilerServices;

namespace Starling.Slots;

/// <summary>
/// A lock with a place in the order of locks. Re-entrant: a thread that holds it may take it again whatever it has taken
/// since, because it does not wait.
/// </summary>
public sealed class RankedLock
{
    private readonly Lock _lock = new();

    /// <summary>Makes a lock.</summary>
    /// <param name="rank">Its place in the order.</param>
    /// <param name="name">Whose lock it is, for messages.</param>
    public RankedLock(LockRank rank, string name)
    {
        Rank = rank;
        Name = name;
    }

    /// <summary>Its place in the order.</summary>
    public LockRank Rank { get; }

    /// <summary>Whose lock it is.</summary>
    public string Name { get; }

    /// <summary>The thread that asks holds it.</summary>
    public bool IsHeldByCurrentThread => _lock.IsHeldByCurrentThread;

    /// <summary>Takes it, waiting until it is free. Disposing the scope on the same thread lets it go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public LockScope Enter()
    {
        if (LockOrder.IsChecked) NoteEntry();
        return new LockScope(_lock.EnterScope(), this);
    }

    /// <summary>
    /// Takes it if it is free, and then <see cref="Exit"/> lets it go. Does not wait, so the order allows it at any time;
    /// what is waited for under it must be above it.
    /// </summary>
    public bool TryEnter()
    {
        if (!_lock.TryEnter()) return false;
        if (LockOrder.IsChecked) LockOrder.Held.Add(Rank, Name);
        return true;
    }

    /// <summary>As <see cref="Enter"/>, but waits no longer than that; false when it is not free by then. <see cref="Exit"/> lets it go.</summary>
    public bool TryEnter(TimeSpan wait)
    {
        if (LockOrder.IsChecked && !_lock.IsHeldByCurrentThread) LockOrder.Held.Check(Rank, Name);
        if (!_lock.TryEnter(wait)) return false;
        if (LockOrder.IsChecked) LockOrder.Held.Add(Rank, Name);
        return true;
    }

    /// <summary>Lets go of what <see cref="TryEnter()"/> took.</summary>
    public void Exit()
    {
        if (LockOrder.IsChecked) NoteExit();
        _lock.Exit();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    internal void NoteExit() => LockOrder.Held.Remove(Rank, Name);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void NoteEntry()
    {
        if (!_lock.IsHeldByCurrentThread) LockOrder.Held.Check(Rank, Name);
        LockOrder.Held.Add(Rank, Name);
    }
}
