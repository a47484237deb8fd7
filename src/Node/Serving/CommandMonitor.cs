namespace Starling.Node.Serving;

/// <summary>A client that is shown every command (MONITOR), until this ends.</summary>
internal sealed class CommandMonitor(NodeSession session) : PushSource
{
    /// <summary>The client's session.</summary>
    public NodeSession Session { get; } = session;
}
