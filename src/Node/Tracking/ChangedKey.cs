namespace Starling.Node.Tracking;

/// <summary>A key that clients have read has changed, or all keys are gone.</summary>
/// <param name="Bytes">The key; null when all keys of some database are gone, which concerns everybody who tracks.</param>
/// <param name="Clients">Who has read it.</param>
internal readonly record struct ChangedKey(byte[]? Bytes, TrackingClients Clients);
