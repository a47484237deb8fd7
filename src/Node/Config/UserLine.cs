namespace Starling.Node.Config;

/// <summary>A line of the configuration that defines a user.</summary>
/// <param name="Name">The user's name.</param>
/// <param name="Rules">The rules, as they were given.</param>
/// <param name="Place">The file and the line, for messages.</param>
internal sealed record UserLine(byte[] Name, IReadOnlyList<byte[]> Rules, string Place);
