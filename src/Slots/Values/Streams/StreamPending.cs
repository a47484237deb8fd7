namespace Starling.Slots.Values.Streams;

/// <summary>An entry that was delivered to a consumer of a group and is not acknowledged.</summary>
/// <param name="Id">The entry.</param>
/// <param name="Consumer">The consumer's place in the group, as <see cref="StreamGroupInfo.FindConsumer"/> says it.</param>
/// <param name="DeliveryTime">When it was delivered last, in milliseconds of Unix time.</param>
/// <param name="DeliveryCount">How often it was delivered.</param>
public readonly record struct StreamPending(StreamId Id, int Consumer, long DeliveryTime, long DeliveryCount);
