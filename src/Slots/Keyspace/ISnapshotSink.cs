namespace Starling.Slots.Keyspace;

/// <summary>Gets the keys of a snapshot.</summary>
public interface ISnapshotSink
{
    /// <summary>
    /// Saves one key as it was when the snapshot started. Called under the key's stripe lock, from the saver or from a
    /// writer's thread, never by two threads at once for one stripe but by several for several: the sink copies what it
    /// needs, does not block on anything but its own short lock, and keeps nothing of <paramref name="entry"/>.
    /// </summary>
    /// <param name="database">The index the database had when the snapshot started.</param>
    /// <param name="entry">The key, value and expiry.</param>
    void Save(int database, Entry entry);
}
