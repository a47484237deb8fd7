namespace Starling.Node.Execution;

/// <summary>A key that may serve who waits for it.</summary>
/// <param name="Database">Index of the database.</param>
/// <param name="Key">The key, a copy.</param>
/// <param name="Behind">Only clients behind this one in line: it was woken for the key in vain. Null for all.</param>
internal readonly record struct ReadyKey(int Database, byte[] Key, KeyWaiter? Behind = null);
