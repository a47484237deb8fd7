using System.Reflection;

namespace Starling.Node.Telemetry;

/// <summary>Version numbers.</summary>
public static class ServerVersion
{
    /// <summary>
    /// The version of Redis whose behaviour this server has: INFO's redis_version, and what tools test.
    /// </summary>
    public const string Redis = "7.2.4";

    /// <summary>That version as a number, a byte for each part: what scripts compare.</summary>
    public const int RedisNumber = 0x070204;

    /// <summary>The version of this server.</summary>
    public static string Starling { get; } =
        typeof(ServerVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
}
