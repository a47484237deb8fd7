using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// The keyspace events of an open scope, in the order in which its changes were declared: recorded and given on under the
/// stripes of their keys, delivered under none.
/// </summary>
internal sealed class ScopeEvents(KeyEventQueue queue)
{
    private List<RecordedEvent>? _events; // not yet given on
    private bool _hasGiven;

    /// <summary>Records an event, if anybody wants its class.</summary>
    public void Note(Database database, in Key key, KeyEvent what)
    {
        if ((queue.Classes & what.Class) != 0)
            (_events ??= []).Add(new RecordedEvent(database.Index, what, key.Bytes.ToArray()));
    }

    /// <summary>Gives on what was recorded. Under the stripes of the keys.</summary>
    public void GiveOn()
    {
        if (_events is not { Count: > 0 }) return;
        queue.Add(_events);
        _events.Clear();
        _hasGiven = true;
    }

    /// <summary>Delivers what was given on. Under no stripe.</summary>
    public void Deliver()
    {
        if (!_hasGiven) return;
        _hasGiven = false;
        queue.Deliver();
    }
}
