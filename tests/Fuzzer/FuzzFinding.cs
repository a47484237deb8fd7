namespace Starling.Fuzzer;

/// <summary>A promise that an input broke.</summary>
/// <param name="message">Which one.</param>
internal sealed class FuzzFinding(string message) : Exception(message);
