using Microsoft.Extensions.Logging;

namespace Starling.Node.Commands;

/// <summary>The log messages of commands.</summary>
internal static partial class CommandsLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "DEBUG LOG: {Message}")]
    public static partial void DebugLog(ILogger logger, string message);
}
