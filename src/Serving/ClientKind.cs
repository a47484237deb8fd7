namespace Starling.Serving;

/// <summary>The class of a client in client-output-buffer-limit and CLIENT KILL TYPE.</summary>
public enum ClientKind
{
    /// <summary>An ordinary client.</summary>
    Normal,

    /// <summary>A replica that this node feeds.</summary>
    Replica,

    /// <summary>A client that has subscriptions.</summary>
    PubSub,

    /// <summary>This node's master.</summary>
    Master,
}
