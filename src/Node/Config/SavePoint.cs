namespace Starling.Node.Config;

/// <summary>
/// A background save starts when this many changes happened and this much time has passed since the last one.
/// </summary>
/// <param name="Seconds">Seconds since the last save, at least 1.</param>
/// <param name="Changes">Changes since the last save.</param>
public readonly record struct SavePoint(long Seconds, int Changes);
