using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// Records the keys that come to be as events of the scope that is open on the thread; there while somebody wants to hear of
/// them. What a load brings is not new.
/// </summary>
/// <param name="isLoading">Whether a data set is being loaded.</param>
internal sealed class NewKeyEvents(Func<bool> isLoading) : INewKeys
{
    [ThreadStatic]
    private static ScopeEvents? t_open;

    /// <summary>A scope opens on this thread: what comes to be from now on is its doing.</summary>
    public static void Enter(ScopeEvents events) => t_open = events;

    /// <inheritdoc/>
    public void OnCreated(Database database, scoped in Key key)
    {
        if (!isLoading()) t_open?.Note(database, key, KeyEvent.New);
    }
}
