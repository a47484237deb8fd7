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
    /// <returns>Whose doing it was until then; to be given to <see cref="Leave"/>.</returns>
    public static ScopeEvents? Enter(ScopeEvents events)
    {
        var outer = t_open;
        t_open = events;
        return outer;
    }

    /// <summary>
    /// The scope closes. Otherwise a later one, which has not entered since nobody wanted to hear of new keys then, would
    /// tell of them in the name of this one when somebody begins to want that; and this one may be another thread's by then.
    /// </summary>
    public static void Leave(ScopeEvents? outer) => t_open = outer;

    /// <inheritdoc/>
    public void OnCreated(Database database, scoped in Key key)
    {
        if (!isLoading()) t_open?.Note(database, key, KeyEvent.New);
    }
}
