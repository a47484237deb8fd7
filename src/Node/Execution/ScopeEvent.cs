using Starling.Node.PubSub;

namespace Starling.Node.Execution;

/// <summary>What a scope has for subscribers: a keyspace event, or a message that was published between its changes.</summary>
/// <param name="Event">The event; nothing when there is a message.</param>
/// <param name="Message">The message, or null.</param>
internal readonly record struct ScopeEvent(RecordedEvent Event, PublishedMessage? Message);
