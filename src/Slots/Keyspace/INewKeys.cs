namespace Starling.Slots.Keyspace;

/// <summary>Hears of keys that come to be.</summary>
public interface INewKeys
{
    /// <summary>
    /// A key is in its database that was not there before, or was moved or copied there whatever was there. In the middle of a
    /// change, with its stripe held.
    /// </summary>
    void OnCreated(Database database, scoped in Key key);
}
