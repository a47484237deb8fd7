using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Starling.Slots.Keyspace;

/// <summary>
/// The locks of the stripes, and the one way to have them all at once. Whoever takes stripes announces itself in a
/// counter first and looks whether somebody has taken everything; whoever takes everything says so in one word and waits
/// until nobody is announced. So taking everything costs a look at some counters instead of 256 locks, and taking one
/// stripe two interlocked additions more. Lock order: everything before stripes, stripes ascending, both before every
/// other lock.
/// </summary>
internal sealed class StripeLocks
{
    /// <summary>Counters: threads share one when their numbers are equal modulo this.</summary>
    private const int Counters = 32;

    private readonly Lock[] _stripes = new Lock[StripeSet.StripeCount];
    private readonly Counter[] _announced = new Counter[Counters];

    /// <summary>Held by the thread that has everything, so that the others can wait for it.</summary>
    private readonly Lock _turn = new();

    private int _owner; // number of the thread that has everything; 0 for none
    private int _depth; // how often it has taken it; the owner's alone

    public StripeLocks()
    {
        for (var i = 0; i < _stripes.Length; i++) _stripes[i] = new Lock();
    }

    /// <summary>Takes a stripe. Re-entrant; does nothing for a thread that has everything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(int stripe)
    {
        if (LockOrder.IsChecked) CheckEntry(stripe);
        if (!Announce(Environment.CurrentManagedThreadId)) return;
        _stripes[stripe].Enter();
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
    }

    /// <summary>Lets go of a stripe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit(int stripe)
    {
        var thread = Environment.CurrentManagedThreadId;
        if (Volatile.Read(ref _owner) == thread) return;
        if (LockOrder.IsChecked) LockOrder.Held.RemoveStripe();
        _stripes[stripe].Exit();
        Interlocked.Decrement(ref Announced(thread));
    }

    /// <summary>Takes some stripes, lowest first.</summary>
    public void Enter(in StripeSet stripes)
    {
        if (LockOrder.IsChecked) CheckEntry(stripes);
        if (!Announce(Environment.CurrentManagedThreadId)) return;
        for (var stripe = stripes.Next(0); stripe >= 0; stripe = stripes.Next(stripe + 1)) _stripes[stripe].Enter();
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
    }

    /// <summary>Lets go of some stripes, highest first.</summary>
    public void Exit(in StripeSet stripes)
    {
        var thread = Environment.CurrentManagedThreadId;
        if (Volatile.Read(ref _owner) == thread) return;
        if (LockOrder.IsChecked) LockOrder.Held.RemoveStripe();
        const int Last = StripeSet.StripeCount - 1;
        for (var stripe = stripes.Previous(Last); stripe >= 0; stripe = stripes.Previous(stripe - 1))
            _stripes[stripe].Exit();
        Interlocked.Decrement(ref Announced(thread));
    }

    /// <summary>
    /// Takes everything. Re-entrant; not for a thread that holds a stripe, which would wait for itself: it stops the
    /// process.
    /// </summary>
    public void EnterAll()
    {
        var thread = Environment.CurrentManagedThreadId;
        if (Volatile.Read(ref _owner) == thread)
        {
            _depth++;
            return;
        }

        if (LockOrder.IsChecked) CheckEntryToAll();
        _turn.Enter();
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
        Interlocked.Exchange(ref _owner, thread);
        _depth = 1;
        for (var i = 0; i < Counters; i++)
            if (Volatile.Read(ref _announced[i].Count) != 0) Await(ref _announced[i].Count);
    }

    /// <summary>Takes everything if nobody has a stripe; never waits.</summary>
    public bool TryEnterAll()
    {
        if (Volatile.Read(ref _owner) != 0 || !_turn.TryEnter()) return false;
        Interlocked.Exchange(ref _owner, Environment.CurrentManagedThreadId);
        for (var i = 0; i < Counters; i++)
        {
            if (Volatile.Read(ref _announced[i].Count) == 0) continue;
            Volatile.Write(ref _owner, 0);
            _turn.Exit();
            return false;
        }

        _depth = 1;
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
        return true;
    }

    /// <summary>Lets go of everything.</summary>
    public void ExitAll()
    {
        Invariant.That(_owner == Environment.CurrentManagedThreadId);
        if (--_depth > 0) return;
        if (LockOrder.IsChecked) LockOrder.Held.RemoveStripe();
        Volatile.Write(ref _owner, 0);
        _turn.Exit();
    }

    /// <summary>
    /// Announces this thread to take stripes with <see cref="TryEnter"/>; false when somebody has everything.
    /// <see cref="EndTrying"/> ends it.
    /// </summary>
    public bool BeginTrying()
    {
        ref var announced = ref Announced(Environment.CurrentManagedThreadId);
        Interlocked.Increment(ref announced);
        if (Volatile.Read(ref _owner) == 0) return true;
        Interlocked.Decrement(ref announced);
        return false;
    }

    /// <summary>Takes a stripe that is free; <see cref="ExitTried"/> lets go of it.</summary>
    public bool TryEnter(int stripe)
    {
        if (!_stripes[stripe].TryEnter()) return false;
        if (LockOrder.IsChecked) LockOrder.Held.AddStripe();
        return true;
    }

    /// <summary>Lets go of a stripe taken with <see cref="TryEnter"/>.</summary>
    public void ExitTried(int stripe)
    {
        if (LockOrder.IsChecked) LockOrder.Held.RemoveStripe();
        _stripes[stripe].Exit();
    }

    /// <summary>Ends what <see cref="BeginTrying"/> began.</summary>
    public void EndTrying() => Interlocked.Decrement(ref Announced(Environment.CurrentManagedThreadId));

    /// <summary>This thread holds the stripe, by itself or with everything.</summary>
    public bool IsHeld(int stripe) =>
        _stripes[stripe].IsHeldByCurrentThread || Volatile.Read(ref _owner) == Environment.CurrentManagedThreadId;

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
        for (var higher = stripe + 1; higher < _stripes.Length; higher++)
            if (_stripes[higher].IsHeldByCurrentThread) LockOrder.Held.OnViolation($"stripes are taken ascending: {stripe} under {higher}");
    }

    private void CheckEntryToAll()
    {
        LockOrder.Held.CheckStripe();
        if (LockOrder.Held.HasStripe && HoldsAny()) LockOrder.Held.OnViolation("everything is taken before stripes, not under one");
    }

    private ref int Announced(int thread) => ref _announced[thread & (Counters - 1)].Count;

    /// <summary>Announces a thread; false when it has everything, and needs no stripe.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Announce(int thread)
    {
        Interlocked.Increment(ref Announced(thread));
        return Volatile.Read(ref _owner) == 0 || AnnounceLater(thread);
    }

    private bool AnnounceLater(int thread)
    {
        ref var announced = ref Announced(thread);
        while (true)
        {
            var owner = Volatile.Read(ref _owner);
            if (owner == 0) return true;
            if (owner != thread && HoldsAny()) return true; // who wants everything waits for this thread already
            Interlocked.Decrement(ref announced);
            if (owner == thread) return false;
            lock (_turn)
            {
                // It has let go.
            }

            Interlocked.Increment(ref announced);
        }
    }

    private void Await(ref int announced)
    {
        var spin = default(SpinWait);
        while (Volatile.Read(ref announced) != 0)
        {
            if (spin.Count == 1000) Invariant.That(!HoldsAny());
            spin.SpinOnce();
        }
    }

    private bool HoldsAny()
    {
        foreach (var stripe in _stripes)
            if (stripe.IsHeldByCurrentThread) return true;
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
