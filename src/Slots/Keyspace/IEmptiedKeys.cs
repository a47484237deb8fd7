namespace Starling.Slots.Keyspace;

/// <summary>Deletes the keys whose values have lost their last element: whoever opens a value for changing it.</summary>
public interface IEmptiedKeys
{
    /// <summary>Removes a key, which is there, from its database. Called in the middle of a change of the value.</summary>
    void Delete(Database database, scoped in Key key);
}
