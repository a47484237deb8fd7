namespace Starling.Node.Execution;

/// <summary>A keyspace event that has happened and is to be delivered.</summary>
/// <param name="Database">Index of the database.</param>
/// <param name="Event">What happened.</param>
/// <param name="Key">The key, a copy.</param>
/// <param name="Classes">What was wanted when it happened: 'K' and 'E' say by which channels it is told.</param>
public readonly record struct RecordedEvent(int Database, KeyEvent Event, byte[] Key, KeyEventClasses Classes);
