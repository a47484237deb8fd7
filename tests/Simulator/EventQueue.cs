namespace Starling.Simulator;

/// <summary>What is still to happen, in the order of time, and of being added where times are equal.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<SimulatedEvent, (long At, long Order)> _events = new();
    private long _order;

    /// <summary>Adds an action.</summary>
    public void Add(long at, Action action) => Add(new SimulatedEvent(at, action, null, 0, null, null));

    /// <summary>Adds an arrival, in the target's life of now.</summary>
    public void Add(long at, SimulatedNode target, SimulatedLink link, byte[] packet) =>
        Add(new SimulatedEvent(at, null, target, target.Life, link, packet));

    /// <summary>Takes the next event that is not later than a time.</summary>
    public bool TryTake(long end, out SimulatedEvent next)
    {
        next = default;
        if (!_events.TryPeek(out _, out var priority) || priority.At > end) return false;
        next = _events.Dequeue();
        return true;
    }

    private void Add(SimulatedEvent what) => _events.Enqueue(what, (what.At, _order++));
}
