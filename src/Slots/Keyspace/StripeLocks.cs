using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Starling.Slots.Keyspace;

/// <summary>
/// The locks of the stripes, and the one way to have them all at once. Whoever takes stripes announces itself in a
/// counter and looks, once it has them, whether somebody has taken everything; whoever takes everything says so in one word and waits
/// until nobody is announced. So taking everything costs a look at some counters instead of 256 locks, and taking one
/// stripe one interlocked operation in all: most threads have a counter of their own, and the lock of the stripe is the fence
/// between announcement and look. Lock order: everything before stripes, stripes ascending, both before every other lock.
/// </summary>
internal sealed class StripeLocks
{
    /// <summary>Counters: the last one is for all threads whose numbers are too high for one of their own.</summary>
    private const int Counters = 32;

    /// <summary>Index of the monitor of those who sleep for the turn; those of stripes come before.</summary>
    private const int TurnGate = StripeSet.StripeCount;

    private readonly StripeLock[] _stripes = new StripeLock[StripeSet.StripeCount];
    private readonly StripeGate[] _gates = new StripeGate[StripeSet.StripeCount + 1];
    private readonly Counter[] _announced = new Counter[Counters];

    /// <summary>
    /// Threads that want stripes and had to wait for who has everything, until they are announced for good. Nobody new takes
    /// everything before they are: so neither kind starves the other, and they go on side by side.
    /// </summary>
    private int _deferred;

    /// <summary>
    /// Held by the thread that has everything, or is about to. Who has a stripe and takes it not for everything waits for nobody
    /// but stripes.
    /// </summary>
    private StripeLock _turn;

    public StripeLocks()
    {
        for (var i = 0; i < _gates.Length; i++) _gates[i] = new StripeGate();
    }

    /// <summary>
    /// What a thread does again and again while it waits for long (<see cref="StripeGate.Patience"/>); it may hold stripes, takes none
    /// and waits for none. Set before there is a second thread.
    /// </summary>
    public Action? OnLongWait
    {
        get => _gates[TurnGate].OnLongWait;
        set
        {
            foreach (var gate in _gates) gate.OnLongWait = value;
        }
    }

    /// <summary>Takes a stripe. Re-entrant; does nothing for a thread that has everything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(int stripe)
    {
        var thread = Environment.CurrentManagedThreadId;
        if (LockOrder.IsChecked) CheckEntry(stripe);
        if (_turn.IsHeldBy(thread)) return;
        Announce(thread);
        _stripes[stripe].Enter(thread, _gates, stripe);
        if (_turn.IsTaken) EnterAgain(thread, stripe);
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
    }

    /// <summary>Lets go of a stripe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit(int stripe)
    {
        var thread = Environment.CurrentManagedThreadId;
        if (_turn.IsHeldBy(thread)) return;
        if (LockOrder.IsChecked) LockOrder.Held.RemoveStripe();
        _stripes[stripe].Exit(thread, _gates, stripe);
        Withdraw(thread);
    }

    /// <summary>Takes some stripes, lowest first.</summary>
    public void Enter(in StripeSet stripes)
    {
        var thread = Environment.CurrentManagedThreadId;
        if (LockOrder.IsChecked) CheckEntry(stripes);
        if (!AnnounceForSome(thread)) return;
        for (var stripe = stripes.Next(0); stripe >= 0; stripe = stripes.Next(stripe + 1)) _stripes[stripe].Enter(thread, _gates, stripe);
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
    }

    /// <summary>Lets go of some stripes, highest first.</summary>
    public void Exit(in StripeSet stripes)
    {
        var thread = Environment.CurrentManagedThreadId;
        if (_turn.IsHeldBy(thread)) return;
        if (LockOrder.IsChecked) LockOrder.Held.RemoveStripe();
        const int Last = StripeSet.StripeCount - 1;
        for (var stripe = stripes.Previous(Last); stripe >= 0; stripe = stripes.Previous(stripe - 1))
            _stripes[stripe].Exit(thread, _gates, stripe);
        Withdraw(thread);
    }

    /// <summary>
    /// Takes everything. Re-entrant; not for a thread that holds a stripe, which would wait for itself: it stops the
    /// process.
    /// </summary>
    public void EnterAll()
    {
        var thread = Environment.CurrentManagedThreadId;
        if (_turn.IsHeldBy(thread))
        {
            _turn.Enter(thread, _gates, TurnGate);
            return;
        }

        if (LockOrder.IsChecked) CheckEntryToAll();
        if (Volatile.Read(ref _deferred) != 0) AwaitDeferred();
        _turn.Enter(thread, _gates, TurnGate);
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
        if (IsAnyAnnounced()) AwaitAnnounced();
    }

    /// <summary>Takes everything if nobody has a stripe; never waits.</summary>
    public bool TryEnterAll()
    {
        var thread = Environment.CurrentManagedThreadId;
        if (Volatile.Read(ref _deferred) != 0 || _turn.IsTaken || !_turn.TryEnterFirst(thread)) return false;
        if (IsAnyAnnounced())
        {
            _turn.Exit(thread, _gates, TurnGate);
            return false;
        }

        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
        return true;
    }

    /// <summary>Lets go of everything.</summary>
    public void ExitAll()
    {
        var thread = Environment.CurrentManagedThreadId;
        _turn.Exit(thread, _gates, TurnGate);
        if (LockOrder.IsChecked && !_turn.IsHeldBy(thread)) LockOrder.Held.RemoveStripe();
    }

    /// <summary>
    /// Announces this thread to take stripes with <see cref="TryEnter"/>; false when somebody has everything.
    /// <see cref="EndTrying"/> ends it.
    /// </summary>
    public bool BeginTrying()
    {
        var thread = Environment.CurrentManagedThreadId;
        Interlocked.Increment(ref Announced(thread));
        if (!_turn.IsTaken) return true;
        Withdraw(thread);
        return false;
    }

    /// <summary>Takes a stripe that is free; <see cref="ExitTried"/> lets go of it.</summary>
    public bool TryEnter(int stripe)
    {
        if (!_stripes[stripe].TryEnter(Environment.CurrentManagedThreadId)) return false;
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
        return true;
    }

    /// <summary>Lets go of a stripe taken with <see cref="TryEnter"/>.</summary>
    public void ExitTried(int stripe)
    {
        if (LockOrder.IsChecked) LockOrder.Held.RemoveStripe();
        _stripes[stripe].Exit(Environment.CurrentManagedThreadId, _gates, stripe);
    }

    /// <summary>Ends what <see cref="BeginTrying"/> began.</summary>
    public void EndTrying() => Withdraw(Environment.CurrentManagedThreadId);

    /// <summary>This thread holds the stripe, by itself or with everything.</summary>
    public bool IsHeld(int stripe)
    {
        var thread = Environment.CurrentManagedThreadId;
        return _stripes[stripe].IsHeldBy(thread) || _turn.IsHeldBy(thread);
    }

    private void CheckEntry(in StripeSet stripes)
    {
        // Those that it holds already it does not wait for; the first of the others is the lowest.
        for (var stripe = stripes.Next(0); stripe >= 0; stripe = stripes.Next(stripe + 1))
        {
            if (IsHeld(stripe)) continue;
            CheckEntry(stripe);
            return;
        }
    }

    private void CheckEntry(int stripe)
    {
        if (IsHeld(stripe)) return;
        LockOrder.Held.CheckStripe();
        if (!LockOrder.Held.HasStripe) return;
        var thread = Environment.CurrentManagedThreadId;
        for (var higher = stripe + 1; higher < _stripes.Length; higher++)
            if (_stripes[higher].IsHeldBy(thread))
                LockOrder.Held.OnViolation($"stripes are taken ascending: {stripe} under {higher}");
    }

    private void CheckEntryToAll()
    {
        LockOrder.Held.CheckStripe();
        if (LockOrder.Held.HasStripe && HoldsAny(Environment.CurrentManagedThreadId))
            LockOrder.Held.OnViolation("everything is taken before stripes, not under one");
    }

    private static bool HasOwnCounter(int thread) => (uint)thread < Counters - 1;

    private ref int Announced(int thread) => ref _announced[Math.Min(thread, Counters - 1)].Count;

    /// <summary>Announces a thread that has not everything and is about to take a stripe, which is the fence behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Announce(int thread)
    {
        ref var announced = ref Announced(thread);
        if (HasOwnCounter(thread)) Volatile.Write(ref announced, announced + 1);
        else Interlocked.Increment(ref announced);
    }

    /// <summary>Ends an announcement; what was done under it is seen by who sees that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Withdraw(int thread)
    {
        ref var announced = ref Announced(thread);
        if (HasOwnCounter(thread)) Volatile.Write(ref announced, announced - 1);
        else Interlocked.Decrement(ref announced);
    }

    /// <summary>The thread is announced and has a stripe, but somebody else has everything or is about to.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterAgain(int thread, int stripe)
    {
        if (HoldsAny(thread, but: stripe)) return; // who wants everything waits for this thread already
        ref var it = ref _stripes[stripe];
        it.Exit(thread, _gates, stripe);
        if (it.IsHeldBy(thread))
        {
            it.Enter(thread, _gates, stripe); // it had this one before: the same
            return;
        }

        Withdraw(thread);
        Interlocked.Increment(ref _deferred);
        while (true)
        {
            _turn.AwaitFree(_gates[TurnGate]);
            Announce(thread);
            it.Enter(thread, _gates, stripe);
            if (!_turn.IsTaken) break;
            it.Exit(thread, _gates, stripe);
            Withdraw(thread);
        }

        Interlocked.Decrement(ref _deferred);
    }

    /// <summary>Announces a thread that is about to take some stripes; false when it has everything, and needs none.</summary>
    private bool AnnounceForSome(int thread)
    {
        if (_turn.IsHeldBy(thread)) return false;
        Interlocked.Increment(ref Announced(thread));
        if (!_turn.IsTaken || HoldsAny(thread)) return true;
        Withdraw(thread);
        Interlocked.Increment(ref _deferred);
        while (true)
        {
            _turn.AwaitFree(_gates[TurnGate]);
            Interlocked.Increment(ref Announced(thread));
            if (!_turn.IsTaken) break;
            Withdraw(thread);
        }

        Interlocked.Decrement(ref _deferred);
        return true;
    }

    /// <summary>Waits until no thread is deferred: they wait for stripes only, and none of them for this thread.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AwaitDeferred()
    {
        var spin = default(SpinWait);
        while (Volatile.Read(ref _deferred) != 0) Spin(ref spin);
    }

    /// <summary>Whether any thread is announced: looked at after the turn was taken, which is a full fence.</summary>
    private bool IsAnyAnnounced()
    {
        // Added without looking at each: a sum of counts that are never negative is 0 only when all are.
        var sum = 0;
        foreach (ref var counter in _announced.AsSpan()) sum += Volatile.Read(ref counter.Count);
        return sum != 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AwaitAnnounced()
    {
        foreach (ref var counter in _announced.AsSpan())
        {
            var spin = default(SpinWait);
            while (Volatile.Read(ref counter.Count) != 0)
            {
                if (spin.Count == 1000) Invariant.That(!HoldsAny(Environment.CurrentManagedThreadId));
                Spin(ref spin);
            }
        }
    }

    private void Spin(ref SpinWait spin)
    {
        const int Naps = 64; // of a millisecond at least, by then
        spin.SpinOnce();
        if (spin.Count % Naps == 0 && spin.NextSpinWillYield) OnLongWait?.Invoke();
    }

    private bool HoldsAny(int thread, int but = -1)
    {
        for (var stripe = 0; stripe < _stripes.Length; stripe++)
            if (stripe != but && _stripes[stripe].IsHeldBy(thread)) return true;
        return false;
    }

    /// <summary>On cache lines of its own: two, since processors fetch them in pairs.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct Counter
    {
        [FieldOffset(64)]
        public int Count;
    }
}
