using Starling.Resp;

namespace Starling.Serving;

/// <summary>
/// Finds the positions of the keys of a command whose <see cref="KeySpec"/> cannot say it.
/// </summary>
/// <param name="arguments">The arguments, the command's name first.</param>
/// <param name="positions">Gets the positions.</param>
/// <returns>False when the arguments are malformed; the handler then replies with the error.</returns>
public delegate bool KeyFinder(ArgumentList arguments, List<int> positions);
