using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// Wakes the one thread that sends a snapshot to some replicas when one of them has taken something, or has gone. Who
/// waits says so first (<see cref="Expect"/>), then looks whether there is room, and waits when there is none: what
/// happens after the look ends the wait at once.
/// </summary>
internal sealed class RoomSignal
{
    private readonly ManualResetEventSlim _noted = new(initialState: false, spinCount: 0);

    /// <summary>From now on a notice counts. On the waiting thread, before it looks.</summary>
    public void Expect() => _noted.Reset();

    /// <summary>Something has changed. Any thread; never blocks.</summary>
    public void Note() => _noted.Set();

    /// <summary>Waits for a notice. On the waiting thread, with no stripe held.</summary>
    /// <exception cref="OperationCanceledException">Cancelled, before or while it waited.</exception>
    public void Wait(CancellationToken cancellation)
    {
        LockOrder.AssertMayBlock("waiting for room in a replica's output");
        _noted.Wait(cancellation);
    }
}
