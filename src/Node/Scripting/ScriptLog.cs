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
        Message = "Slow script detected: still in execution after {Milliseconds} milliseconds. " +
            "You can try killing the script using the {Command} command. Script name is: {Name}.")]
    public static partial void Slow(ILogger log, long milliseconds, string command, string name);

    [LoggerMessage(EventId = 3, Level = LogLevel.Warning, Message = "Lua script killed by user with SCRIPT KILL.")]
    public static partial void Killed(ILogger log);

    [LoggerMessage(EventId = 4, Level = LogLevel.Warning, Message = "EVAL and its kin answer an error: {Reason}.")]
    public static partial void Unsupported(ILogger log, string reason);
}
