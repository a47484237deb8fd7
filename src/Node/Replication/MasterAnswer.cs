namespace Starling.Node.Replication;

/// <summary>What a master answered to PSYNC.</summary>
/// <param name="Kind">Which way it goes on.</param>
/// <param name="Id">The replication id it named; null when it named none.</param>
/// <param name="Offset">The offset of a full synchronisation; -1 when it is not known.</param>
internal readonly record struct MasterAnswer(MasterAnswerKind Kind, string? Id, long Offset);
