using Starling.Slots;

namespace Starling.Serving;

/// <summary>
/// The timers of one thread: a heap, so that thousands of clients may wait, each with a deadline of its own, and leave
/// before it without a trace.
/// </summary>
internal sealed class IoTimerQueue
{
    private readonly List<IoTimer> _heap = [];

    /// <summary>Number of timers.</summary>
    public int Count => _heap.Count;

    /// <summary>The timer that is due first; null when there is none.</summary>
    public IoTimer? First => _heap.Count == 0 ? null : _heap[0];

    /// <summary>Adds a timer, or moves it to another time.</summary>
    public void Set(IoTimer timer, long due)
    {
        if (timer.IsScheduled) Remove(timer);
        timer.Due = due;
        timer.Place = _heap.Count;
        _heap.Add(timer);
        Rise(timer);
    }

    /// <summary>Takes a timer out, if it is in.</summary>
    public void Remove(IoTimer timer)
    {
        if (!timer.IsScheduled) return;
        Invariant.That(_heap[timer.Place] == timer);
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        if (last != timer)
        {
            Put(last, timer.Place);
            Rise(last);
            Sink(last);
        }

        timer.Place = IoTimer.NotScheduled;
    }

    private void Rise(IoTimer timer)
    {
        while (timer.Place > 0 && _heap[(timer.Place - 1) / 2] is var parent && timer.Due < parent.Due) Swap(timer, parent);
    }

    private void Sink(IoTimer timer)
    {
        while (true)
        {
            var child = (timer.Place * 2) + 1;
            if (child >= _heap.Count) return;
            if (child + 1 < _heap.Count && _heap[child + 1].Due < _heap[child].Due) child++;
            if (timer.Due <= _heap[child].Due) return;
            Swap(timer, _heap[child]);
        }
    }

    private void Swap(IoTimer a, IoTimer b)
    {
        var place = a.Place;
        Put(a, b.Place);
        Put(b, place);
    }

    private void Put(IoTimer timer, int place)
    {
        _heap[place] = timer;
        timer.Place = place;
    }
}
