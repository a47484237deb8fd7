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

    /// <summary>Monitors for those who sleep for stripes; one more is for the turn.</summary>
    private const int Gates = 16;

    private readonly StripeLock[] _stripes = new StripeLock[StripeSet.StripeCount];
    private readonly object[] _gates = new object[Gates + 1];
    private readonly Counter[] _announced = new Counter[Counters];

    /// <summary>
    /// Held by the thread that has everything, or is about to; for a moment also by one that could not get a stripe for those.
    /// Who has a stripe and takes it not for everything waits for nobody but stripes.
    /// </summary>
    private StripeLock _turn;

    public StripeLocks()
    {
        for (var i = 0; i < _gates.Length; i++) _gates[i] = new object();
    }

    /// <summary>Takes a stripe. Re-entrant; does nothing for a thread that has everything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(int stripe)
    {
        var thread = Environment.CurrentManagedThreadId;
        if (LockOrder.IsChecked) CheckEntry(stripe);
        if (_turn.IsHeldBy(thread)) return;
        Announce(thread);
        _stripes[stripe].Enter(thread, Gate(stripe));
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
        _stripes[stripe].Exit(thread, Gate(stripe));
        Withdraw(thread);
    }

    /// <summary>Takes some stripes, lowest first.</summary>
    public void Enter(in StripeSet stripes)
    {
        var thread = Environment.CurrentManagedThreadId;
        if (LockOrder.IsChecked) CheckEntry(stripes);
        if (!AnnounceForSome(thread)) return;
        for (var stripe = stripes.Next(0); stripe >= 0; stripe = stripes.Next(stripe + 1)) _stripes[stripe].Enter(thread, Gate(stripe));
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
            _stripes[stripe].Exit(thread, Gate(stripe));
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
            _turn.Enter(thread, TurnGate);
            return;
        }

        if (LockOrder.IsChecked) CheckEntryToAll();
        _turn.Enter(thread, TurnGate);
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
        for (var i = 0; i < Counters; i++)
            if (Volatile.Read(ref _announced[i].Count) != 0) Await(ref _announced[i].Count);
    }

    /// <summary>Takes everything if nobody has a stripe; never waits.</summary>
    public bool TryEnterAll()
    {
        var thread = Environment.CurrentManagedThreadId;
        if (_turn.IsTaken || !_turn.TryEnterFirst(thread)) return false;
        for (var i = 0; i < Counters; i++)
        {
            if (Volatile.Read(ref _announced[i].Count) == 0) continue;
            _turn.Exit(thread, TurnGate);
            return false;
        }

        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
        return true;
    }

    /// <summary>Lets go of everything.</summary>
    public void ExitAll()
    {
        var thread = Environment.CurrentManagedThreadId;
        _turn.Exit(thread, TurnGate);
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
        _stripes[stripe].Exit(Environment.CurrentManagedThreadId, Gate(stripe));
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

    private object TurnGate => _gates[Gates];

    private object Gate(int stripe) => _gates[stripe & (Gates - 1)];

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
        it.Exit(thread, Gate(stripe));
        if (it.IsHeldBy(thread))
        {
            it.Enter(thread, Gate(stripe)); // it had this one before: the same
            return;
        }

        Withdraw(thread);

        // Under the turn nobody else has everything, and nobody comes to have it.
        var takesTurn = !_turn.AwaitFree();
        if (takesTurn) _turn.Enter(thread, TurnGate);
        Announce(thread);
        it.Enter(thread, Gate(stripe));
        if (takesTurn) _turn.Exit(thread, TurnGate);
        else if (_turn.IsTaken) EnterAgain(thread, stripe);
    }

    /// <summary>Announces a thread that is about to take some stripes; false when it has everything, and needs none.</summary>
    private bool AnnounceForSome(int thread)
    {
        if (_turn.IsHeldBy(thread)) return false;
        while (true)
        {
            Interlocked.Increment(ref Announced(thread));
            if (!_turn.IsTaken || HoldsAny(thread)) return true;
            Withdraw(thread);
            if (_turn.AwaitFree()) continue;

            // Under the turn nobody else has everything, and nobody comes to have it.
            _turn.Enter(thread, TurnGate);
            Interlocked.Increment(ref Announced(thread));
            _turn.Exit(thread, TurnGate);
            return true;
        }
    }

    private void Await(ref int announced)
    {
        var spin = default(SpinWait);
        while (Volatile.Read(ref announced) != 0)
        {
            if (spin.Count == 1000) Invariant.That(!HoldsAny(Environment.CurrentManagedThreadId));
            spin.SpinOnce();
        }
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
