namespace Starling.Serving;

/// <summary>When a client that does not read is closed.</summary>
/// <param name="Hard">Bytes at which it is closed at once; 0 for no limit.</param>
/// <param name="Soft">Bytes at which it is closed once it has been above them for <paramref name="SoftSeconds"/>; 0 for
/// no limit.</param>
/// <param name="SoftSeconds">Seconds that it may be above the soft limit.</param>
public sealed record OutputBufferLimit(long Hard, long Soft, long SoftSeconds);
