namespace Starling.Serving;

/// <summary>A pause of clients' commands.</summary>
/// <param name="Until">Milliseconds of Unix time at which it ends by itself.</param>
/// <param name="IsAll">Every command is held back, not only those that may write.</param>
internal readonly record struct Pause(long Until, bool IsAll);
