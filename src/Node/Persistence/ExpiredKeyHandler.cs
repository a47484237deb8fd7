namespace Starling.Node.Persistence;

/// <summary>Hears of a key of an RDB file that a master does not load since it has expired.</summary>
/// <param name="database">Index of its database.</param>
/// <param name="key">The key; valid during the call.</param>
public delegate void ExpiredKeyHandler(int database, ReadOnlySpan<byte> key);
