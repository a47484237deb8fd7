using Microsoft.Extensions.Logging;

namespace Starling.Node.Acl;

/// <summary>Log lines about users.</summary>
internal static partial class AccessLog
{
    [LoggerMessage(1, LogLevel.Warning, "Users are not loaded: {Reason}")]
    public static partial void NotLoaded(ILogger logger, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Users are not saved: {Reason}")]
    public static partial void NotSaved(ILogger logger, string reason);
}
