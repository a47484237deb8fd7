using Microsoft.Extensions.Logging;

namespace Starling.Node.Eviction;

/// <summary>Log lines about eviction, in Redis's words.</summary>
internal static partial class EvictionLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Evicting client: {Client}")]
    public static partial void EvictingClient(ILogger log, string client);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Over client maxmemory after evicting all evictable clients")]
    public static partial void ClientsStillTooLarge(ILogger log);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "maxmemory is {Wanted} bytes, but the memory of this machine or container leaves {Room} to the data: that counts")]
    public static partial void LimitOutOfReach(ILogger log, long wanted, long room);
}
