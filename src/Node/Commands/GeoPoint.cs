namespace Starling.Node.Commands;

/// <summary>A place that a search has found.</summary>
/// <param name="Rank">The rank of its member.</param>
/// <param name="Score">Its score.</param>
/// <param name="Position">Where it is.</param>
/// <param name="Distance">Metres from the middle.</param>
/// <param name="Index">How many places were found before it.</param>
internal readonly record struct GeoPoint(long Rank, double Score, GeoPosition Position, double Distance, int Index);
