using Microsoft.Extensions.Logging;

namespace Starling.Node.Scripting;

/// <summary>Messages for the log.</summary>
internal static partial class ScriptLog
{
    [LoggerMessage(EventId = 1, Message = "{Line}")]
    public static partial void Line(ILogger log, LogLevel level, string line);

    [LoggerMessage(
        EventId = 2,
        Level = LogLevel.Warning,
        Message = "Slow script detected: still in execution after {Milliseconds} milliseconds. Script name is: {Name}.")]
    public static partial void Slow(ILogger log, long milliseconds, string name);
}
