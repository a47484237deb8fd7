using Microsoft.Extensions.Logging;

namespace Starling.Node.Cluster;

/// <summary>The cluster's log lines that do not come from the machine.</summary>
internal static partial class ClusterLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "No cluster configuration found, I'm {Id}")]
    public static partial void NewNode(ILogger logger, string id);

    [LoggerMessage(Level = LogLevel.Information, Message = "Node configuration loaded, I'm {Id}")]
    public static partial void Loaded(ILogger logger, string id);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Text}")]
    public static partial void Fatal(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Information, Message = "Deleted {Count} keys of slots that another node owns now")]
    public static partial void Deleted(ILogger logger, long count);
}
