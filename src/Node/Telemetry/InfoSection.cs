namespace Starling.Node.Telemetry;

/// <summary>A section of INFO.</summary>
/// <param name="Name">The name that INFO takes.</param>
/// <param name="Title">The head, without "# ".</param>
/// <param name="IsDefault">INFO without arguments prints it.</param>
/// <param name="Fields">
/// The fields in Redis's order. One with a constant is about something that this server does not have, and always the
/// same.
/// </param>
internal sealed record InfoSection(string Name, string Title, bool IsDefault, (string Name, string? Constant)[] Fields);
