namespace Starling.Node.Scripting;

/// <summary>The call of a script or function that has run for long: what other clients are told of it, whatever its state runs next.</summary>
/// <param name="Name">The hash of the script, or the name of the function.</param>
/// <param name="IsFunction">It is a function.</param>
/// <param name="Command">The command that runs it, with its arguments.</param>
/// <param name="Since">When it was looked at first, as a timestamp of <see cref="System.Diagnostics.Stopwatch"/>.</param>
internal sealed record BusyCall(byte[] Name, bool IsFunction, byte[][] Command, long Since);
