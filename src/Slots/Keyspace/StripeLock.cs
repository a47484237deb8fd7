using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Starling.Slots.Keyspace;

/// <summary>
/// The lock of one stripe, or of the turn to have all of them. Re-entrant. Taking it is one interlocked operation and letting
/// go of it an ordinary store: what that store may be overtaken by, the look at who waits, is made safe by who comes to wait,
/// who has every processor drain its stores first. The runtime's own lock takes two interlocked operations and four calls; a
/// pipelined GET has some hundreds of nanoseconds in all.
/// </summary>
/// <remarks>
/// Who finds it taken spins for some microseconds, then sleeps in the monitor that belongs to the lock. Who lets go wakes the
/// sleepers; one that has woken in vain gets the lock handed over next time, so that a thread that takes and lets go in a loop
/// (a snapshot, a scan) starves nobody. On cache lines of its own. A field or element of this type must not be copied.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 64)]
internal struct StripeLock
{
    private const int Free = 0;
    private const int HandedOver = -1; // free for one that sleeps, for nobody else

    // Beyond this SpinWait gives the processor away, which is for who does not sleep.
    private const int Spins = 20;

    [FieldOffset(0)]
    private int _owner; // number of the thread that holds it, Free or HandedOver

    [FieldOffset(4)]
    private int _depth; // how often the holder has taken it, less one; the holder's alone

    [FieldOffset(8)]
    private int _sleepers; // changed inside the gate; read by who lets go

    [FieldOffset(12)]
    private int _starved; // of those, who have woken in vain; inside the gate

    /// <summary>Whether a thread holds it, or has been promised it.</summary>
    public readonly bool IsTaken => Volatile.Read(in _owner) != Free;

    /// <summary>Whether this thread holds it.</summary>
    public readonly bool IsHeldBy(int thread) => Volatile.Read(in _owner) == thread;

    /// <summary>Takes it, and waits until it can. A full fence.</summary>
    /// <param name="thread">Number of this thread.</param>
    /// <param name="gates">Monitors, leaves in the order of locks; who need not wait does not look at them.</param>
    /// <param name="gate">Index of this lock's own, where its sleepers sleep.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Enter(int thread, StripeGate[] gates, int gate)
    {
        if (Interlocked.CompareExchange(ref _owner, thread, Free) != Free) EnterLater(thread, gates[gate]);
    }

    /// <summary>Takes it if it is free or this thread's.</summary>
    public bool TryEnter(int thread)
    {
        var owner = Interlocked.CompareExchange(ref _owner, thread, Free);
        if (owner == thread) _depth++;
        return owner == Free || owner == thread;
    }

    /// <summary>Takes it if it is free and nobody has it, not even this thread. A full fence.</summary>
    public bool TryEnterFirst(int thread) => Interlocked.CompareExchange(ref _owner, thread, Free) == Free;

    /// <summary>Waits until nobody has it, nor has been promised it, and does not take it.</summary>
    public void AwaitFree(StripeGate gate)
    {
        var spin = default(SpinWait);
        for (var i = 0; i < Spins; i++)
        {
            if (!IsTaken) return;
            spin.SpinOnce(sleep1Threshold: -1);
        }

        while (IsTaken)
        {
            try
            {
                if (!SleepUntilFree(gate)) gate.OnLongWait?.Invoke();
            }
            catch (OutOfMemoryException)
            {
                spin.SpinOnce(); // which is a nap by now
            }
        }
    }

    /// <summary>Lets go of it once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Exit(int thread, StripeGate[] gates, int gate)
    {
        if (_depth != 0 || _owner != thread)
        {
            Invariant.That(_owner == thread);
            _depth--;
            return;
        }

        if (Volatile.Read(ref _starved) != 0)
        {
            HandOver(gates[gate]);
            return;
        }

        Volatile.Write(ref _owner, Free);

        // The store may still be on its way when this is read: see Sleep.
        if (Volatile.Read(ref _sleepers) != 0) WakeAll(gates[gate]);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void EnterLater(int thread, StripeGate gate)
    {
        if (_owner == thread)
        {
            _depth++;
            return;
        }

        var spin = default(SpinWait);
        for (var i = 0; i < Spins; i++)
        {
            spin.SpinOnce(sleep1Threshold: -1);
            if (Volatile.Read(ref _owner) == Free && Interlocked.CompareExchange(ref _owner, thread, Free) == Free) return;
        }

        while (true)
        {
            try
            {
                if (Sleep(thread, gate)) return;
                gate.OnLongWait?.Invoke();
            }
            catch (OutOfMemoryException)
            {
                spin.SpinOnce(); // which is a nap by now
            }
        }
    }

    /// <summary>
    /// Sleeps until it has the lock; false when that takes long. Where there is no memory for what the monitor needs, it fails, and
    /// counts nowhere any more; who was promised the lock tries again for that reason too.
    /// </summary>
    private bool Sleep(int thread, StripeGate gate)
    {
        lock (gate)
        {
            var isStarved = false;
            _sleepers++;
            try
            {
                // Whoever lets go from now on sees that; whoever has done so has its store seen below.
                Interlocked.MemoryBarrierProcessWide();
                while (!TryTakeFromSleep(thread))
                {
                    // Who goes away was not promised the lock: it looks again before it does.
                    if (!Monitor.Wait(gate, gate.Patience)) return TryTakeFromSleep(thread);
                    if (isStarved) continue;
                    isStarved = Volatile.Read(ref _owner) is not (Free or HandedOver);
                    if (isStarved) _starved++;
                }

                return true;
            }
            finally
            {
                _sleepers--;
                if (isStarved) _starved--;
            }
        }
    }

    private bool SleepUntilFree(StripeGate gate)
    {
        lock (gate)
        {
            _sleepers++;
            try
            {
                Interlocked.MemoryBarrierProcessWide(); // as in Sleep
                while (IsTaken)
                    if (!Monitor.Wait(gate, gate.Patience)) return false;
                return true;
            }
            finally
            {
                _sleepers--;
            }
        }
    }

    private bool TryTakeFromSleep(int thread) =>
        Interlocked.CompareExchange(ref _owner, thread, Free) == Free
        || Interlocked.CompareExchange(ref _owner, thread, HandedOver) == HandedOver;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void HandOver(StripeGate gate)
    {
        lock (gate)
        {
            Volatile.Write(ref _owner, _starved != 0 ? HandedOver : Free);
            Monitor.PulseAll(gate);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WakeAll(StripeGate gate)
    {
        lock (gate) Monitor.PulseAll(gate);
    }
}
