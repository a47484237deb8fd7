namespace Starling.Tests.Support;

/// <summary>A server process ended before it was ready.</summary>
public sealed class ServerExitedException(string message) : Exception(message);
