namespace Starling.Serving;

/// <summary>
/// How often those have been let go who were held for each reason: read before a command is dispatched, it tells whether
/// that has happened since.
/// </summary>
/// <param name="Keys">For <see cref="HoldReason.Keys"/>.</param>
/// <param name="Pauses">For <see cref="HoldReason.Pause"/>.</param>
/// <param name="Lines">For <see cref="HoldReason.Line"/>.</param>
internal readonly record struct HoldMarks(long Keys, long Pauses, long Lines);
