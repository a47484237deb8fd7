namespace Starling.Node.PubSub;

/// <summary>A message on its way, with copies of what was published.</summary>
/// <param name="Channel">The channel.</param>
/// <param name="Text">What was published.</param>
/// <param name="IsSharded">It goes to the subscribers of a shard channel.</param>
/// <param name="Except">Who has it already; null for nobody.</param>
internal sealed record PublishedMessage(byte[] Channel, byte[] Text, bool IsSharded, Subscriber? Except);
