using Microsoft.Extensions.Logging;

namespace Starling.Node.Config;

/// <summary>Log lines about the configuration.</summary>
internal static partial class ConfigLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "CONFIG SET: {Directive} is accepted but has no effect yet")]
    public static partial void SetWithoutEffect(ILogger log, string directive);

    [LoggerMessage(Level = LogLevel.Information, Message = "CONFIG REWRITE executed with success.")]
    public static partial void Rewritten(ILogger log);

    [LoggerMessage(Level = LogLevel.Warning, Message = "CONFIG REWRITE failed: {Reason}")]
    public static partial void RewriteFailed(ILogger log, string reason);
}
