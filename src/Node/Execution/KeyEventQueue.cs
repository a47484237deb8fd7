using Starling.Node.PubSub;
using Starling.Slots;
using Starling.Slots.Keyspace;

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

    /// <summary>
    /// Deliveries after which an I/O thread goes on in its next round: others may put in as fast as it delivers.
    /// </summary>
    private const int MostAtOnce = 1000;

    private readonly Queue<ScopeEvent> _waiting = [];
    private readonly Continuation _continuation;
    private bool _isDelivering;
    private int _classes;
    private int _undelivered; // what waits and what is being delivered
    private Action<RecordedEvent>? _listener;
    private Action<PublishedMessage>? _publish;
    private Keyspace? _keyspace;
    private NewKeyEvents? _newKeys;

    /// <summary>An empty queue to which nobody listens.</summary>
    public KeyEventQueue() => _continuation = new Continuation(this);

    /// <summary>
    /// The classes that are recorded, and the channels that tell of them; none until a listener is there.
    /// </summary>
    public KeyEventClasses Classes => (KeyEventClasses)Volatile.Read(ref _classes);

    /// <summary>
    /// Events are recorded, or were and wait: what is published goes through the queue as well then, so that it comes in its turn.
    /// </summary>
    internal bool IsInUse => Classes != KeyEventClasses.None || Volatile.Read(ref _undelivered) != 0;

    /// <summary>
    /// Hears of every recorded event, one after the other, on the threads that made them, under no lock. Before the server
    /// starts.
    /// </summary>
    public void ListenWith(Action<RecordedEvent> listener) => _listener = listener;

    /// <summary>Gets what was published between changes, likewise. Before the server starts.</summary>
    internal void PublishWith(Action<PublishedMessage> publish) => _publish = publish;

    /// <summary>Has a keyspace tell of new keys while somebody wants to hear of them. Before the server starts.</summary>
    /// <param name="keyspace">The keyspace.</param>
    /// <param name="isLoading">Whether a data set is being loaded, whose keys are not new.</param>
    internal void Watch(Keyspace keyspace, Func<bool> isLoading) => (_keyspace, _newKeys) = (keyspace, new NewKeyEvents(isLoading));

    /// <summary>Chooses the classes by the value of <c>notify-keyspace-events</c> as CONFIG GET shows it.</summary>
    public void Choose(string classes)
    {
        // Without K and E there is no channel to publish to, so that nothing is recorded, as in Redis.
        var hasChannel = classes.Contains('K') || classes.Contains('E');
        var chosen = hasChannel && _listener is not null ? Parse(classes) : KeyEventClasses.None;
        if (_keyspace is not null) _keyspace.NewKeys = (chosen & KeyEventClasses.New) != 0 ? _newKeys : null;
        Volatile.Write(ref _classes, (int)chosen);
    }

    /// <summary>Puts events in. Under the stripes of their keys.</summary>
    internal void Add(List<ScopeEvent> events)
    {
        using (_lock.Enter())
        {
            foreach (var recorded in events) _waiting.Enqueue(recorded);
            Volatile.Write(ref _undelivered, _undelivered + events.Count);
        }
    }

    /// <summary>
    /// Delivers what is there; when another thread does so, it also delivers what this one has put in. Under no lock.
    /// </summary>
    internal void Deliver()
    {
        for (var count = 0; TryTake(out var next); count++)
        {
            try
            {
                if (next.Message is { } message) _publish!(message);
                else _listener!(next.Event);
            }
            finally
            {
                using (_lock.Enter())
                {
                    _isDelivering = false;
                    Volatile.Write(ref _undelivered, _undelivered - 1);
                }
            }

            if (count >= MostAtOnce && IoThread.Current is { } thread && thread.Post(_continuation)) return;
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
                'm' => KeyEventClasses.Miss,
                'n' => KeyEventClasses.New,
                'K' => KeyEventClasses.KeyChannels,
                'E' => KeyEventClasses.EventChannels,
                _ => KeyEventClasses.None, // d: the types of modules, of which there are none
            };
        }

        return classes;
    }

    private bool TryTake(out ScopeEvent next)
    {
        using (_lock.Enter())
        {
            next = default;
            if (_isDelivering || !_waiting.TryDequeue(out next)) return false;
            _isDelivering = true;
            return true;
        }
    }

    private sealed class Continuation(KeyEventQueue queue) : IIoTask
    {
        public void Run() => queue.Deliver();
    }
}
