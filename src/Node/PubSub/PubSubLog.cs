using Microsoft.Extensions.Logging;

namespace Starling.Node.PubSub;

/// <summary>Log lines about messages.</summary>
internal static partial class PubSubLog
{
    [LoggerMessage(1, LogLevel.Warning, "No memory for a published message of {Bytes} bytes: its subscribers do not get it")]
    public static partial void NoRoom(ILogger logger, int bytes);
}
