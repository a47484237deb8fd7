using Starling.Node.PubSub;
using Starling.Node.Serving;
using Starling.Node.Tracking;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// The keyspace events of an open scope, in the order in which its changes were declared, what was published in it, and what clients who
/// track are to be told of: recorded and given on under the stripes of their keys, delivered under none.
/// </summary>
internal sealed class ScopeEvents(KeyEventQueue queue, Publisher publisher, TrackingService tracking, NodeSession session)
{
    private List<ScopeEvent>? _events; // not yet given on
    private List<PublishedCall>? _calls; // while no events are recorded
    private ScopeChanges? _changes; // from when somebody tracks
    private bool _hasGiven;
    private bool _hearsOfNewKeys;
    private ScopeEvents? _outer; // of the scope around it on its thread, while it hears of new keys

    /// <summary>What clients who track are to be told of.</summary>
    public ScopeChanges TrackedChanges => _changes ??= new ScopeChanges(tracking, session);

    /// <summary>Hears of new keys, if it does not yet, until what was recorded is given on.</summary>
    public void HearOfNewKeys()
    {
        if (_hearsOfNewKeys) return;
        _outer = NewKeyEvents.Enter(this);
        _hearsOfNewKeys = true;
    }

    /// <summary>A key has changed, which clients who track are to be told of. Records the event, if anybody wants its class.</summary>
    public void NoteChange(Database database, in Key key, KeyEvent what, bool isExpiry)
    {
        if (tracking.IsInUse) TrackedChanges.Note(key, isExpiry);
        Note(database, key, what);
    }

    /// <summary>A database has lost all its keys.</summary>
    public void NoteEmptied(Database database)
    {
        if (tracking.IsInUse) TrackedChanges.NoteFlush(database.Index);
    }

    /// <summary>Records an event, if anybody wants its class.</summary>
    public void Note(Database database, in Key key, KeyEvent what)
    {
        var classes = queue.Classes;
        if ((classes & what.Class) != 0)
            Recorded().Add(new ScopeEvent(new RecordedEvent(database.Index, what, key.Bytes.ToArray(), classes), Message: null));
    }

    /// <summary>Has a message delivered when the scope has closed, behind the events recorded so far.</summary>
    /// <param name="arguments">The call's.</param>
    /// <param name="isSharded">It is SPUBLISH's.</param>
    /// <param name="except">Who has it already; null for nobody.</param>
    /// <param name="isKept">The arguments stay until then: those of a script's call do not.</param>
    public void Publish(ArgumentList arguments, bool isSharded, Subscriber? except, bool isKept)
    {
        var call = new PublishedCall(arguments, isSharded, except);
        if (!isKept || queue.IsInUse || _events is { Count: > 0 }) Recorded().Add(MessageOf(call));
        else (_calls ??= []).Add(call);
    }

    /// <summary>Gives on what was recorded. Under the stripes of the keys.</summary>
    public void GiveOn()
    {
        if (_hearsOfNewKeys)
        {
            _hearsOfNewKeys = false;
            NewKeyEvents.Leave(_outer);
            _outer = null;
        }

        if (_events is not { Count: > 0 }) return;
        queue.Add(_events);
        _events.Clear();
        _hasGiven = true;
    }

    private static ScopeEvent MessageOf(in PublishedCall call) =>
        new(default, new PublishedMessage(call.Arguments[1].ToArray(), call.Arguments[2].ToArray(), call.IsSharded, call.Except));

    /// <summary>What is recorded comes behind what was published before anything was: a transaction may choose events in its middle.</summary>
    private List<ScopeEvent> Recorded()
    {
        var events = _events ??= [];
        if (_calls is not { Count: > 0 }) return events;
        foreach (var call in _calls) events.Add(MessageOf(call));
        _calls.Clear();
        return events;
    }

    /// <summary>Delivers what was given on. Under no stripe.</summary>
    public void Deliver()
    {
        if (_changes is { IsEmpty: false } changes) changes.Deliver();
        if (_hasGiven)
        {
            _hasGiven = false;
            queue.Deliver();
        }

        if (_calls is not { Count: > 0 }) return;
        foreach (var call in _calls) publisher.Publish(call.IsSharded, call.Arguments[1], call.Arguments[2], call.Except);
        _calls.Clear();
    }
}
