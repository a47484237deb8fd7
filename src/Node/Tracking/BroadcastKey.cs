namespace Starling.Node.Tracking;

/// <summary>A key has changed that clients may be told of by its prefix.</summary>
/// <param name="Bytes">The key, a copy.</param>
/// <param name="ChangedBy">The id of the client that has changed it; 0 when it has expired, or none has.</param>
internal readonly record struct BroadcastKey(byte[] Bytes, long ChangedBy);
