using Starling.Slots;

namespace Starling.Node.Execution;

/// <summary>
/// The keyspace events between the change and who hears of it. They are put in under the stripes of their keys, so that
/// those of one key stay in order, and taken out when no stripe is held. A change pays one read while
/// <c>notify-keyspace-events</c> is empty.
/// </summary>
public sealed class KeyEventQueue
{
    /// <summary>
    /// Guards the queue and who delivers. Taken after stripes, like the subscription tables; nothing is called under it.
    /// </summary>
    private readonly RankedLock _lock = new(LockRank.Subscriptions, nameof(KeyEventQueue));

    private readonly Queue<RecordedEvent> _waiting = [];
    private bool _isDelivering;
    private int _classes;
    private Action<RecordedEvent>? _listener;

    /// <summary>The classes that are recorded; none until a listener is there.</summary>
    public KeyEventClasses Classes => (KeyEventClasses)Volatile.Read(ref _classes);

    /// <summary>
    /// Hears of every recorded event, one after the other, on the threads that made them, under no lock. Before the server
    /// starts.
    /// </summary>
    public void ListenWith(Action<RecordedEvent> listener) => _listener = listener;

    /// <summary>Chooses the classes by the value of <c>notify-keyspace-events</c> as CONFIG GET shows it.</summary>
    public void Choose(string classes)
    {
        // Without K and E there is no channel to publish to, so that nothing is recorded, as in Redis.
        var hasChannel = classes.Contains('K') || classes.Contains('E');
        Volatile.Write(ref _classes, (int)(hasChannel && _listener is not null ? Parse(classes) : KeyEventClasses.None));
    }

    /// <summary>Puts events in. Under the stripes of their keys.</summary>
    internal void Add(List<RecordedEvent> events)
    {
        using (_lock.Enter())
        {
            foreach (var recorded in events) _waiting.Enqueue(recorded);
        }
    }

    /// <summary>
    /// Delivers what is there; when another thread does so, it also delivers what this one has put in. Under no lock.
    /// </summary>
    internal void Deliver()
    {
        while (TryTake(out var recorded))
        {
            try
            {
                _listener!(recorded);
            }
            catch
            {
                using (_lock.Enter()) _isDelivering = false;
                throw;
            }

            using (_lock.Enter()) _isDelivering = false;
        }
    }

    private static KeyEventClasses Parse(string text)
    {
        const KeyEventClasses All = KeyEventClasses.Generic | KeyEventClasses.String | KeyEventClasses.List
            | KeyEventClasses.Set | KeyEventClasses.Hash | KeyEventClasses.SortedSet | KeyEventClasses.Expired
            | KeyEventClasses.Evicted | KeyEventClasses.Stream;
        var classes = KeyEventClasses.None;
        foreach (var c in text)
        {
            classes |= c switch
            {
                'g' => KeyEventClasses.Generic,
                '$' => KeyEventClasses.String,
                'l' => KeyEventClasses.List,
                's' => KeyEventClasses.Set,
                'h' => KeyEventClasses.Hash,
                'z' => KeyEventClasses.SortedSet,
                'x' => KeyEventClasses.Expired,
                'e' => KeyEventClasses.Evicted,
                't' => KeyEventClasses.Stream,
                'A' => All,
                _ => KeyEventClasses.None, // K, E: the channels; m, n, d: events that nothing raises yet
            };
        }

        return classes;
    }

    private bool TryTake(out RecordedEvent recorded)
    {
        using (_lock.Enter())
        {
            recorded = default;
            if (_isDelivering || !_waiting.TryDequeue(out recorded)) return false;
            _isDelivering = true;
            return true;
        }
    }
}
