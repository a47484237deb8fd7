namespace Starling.Serving;

/// <summary>What a command does with channels that it names, as far as permissions depend on it.</summary>
public enum ChannelUse
{
    /// <summary>Nothing: it names none, or only stops listening.</summary>
    None,

    /// <summary>It publishes to the channel that its first argument names.</summary>
    Publish,

    /// <summary>It listens to the channels that its arguments name.</summary>
    Subscribe,

    /// <summary>It listens to the channels whose names match the patterns that its arguments are.</summary>
    SubscribePattern,
}
