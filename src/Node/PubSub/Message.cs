using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.PubSub;

/// <summary>
/// A message as subscribers of one channel or pattern get it: written once for each version of the protocol, when the first
/// subscriber of that version is found.
/// </summary>
/// <param name="pattern">The pattern; empty for subscribers of the channel itself.</param>
/// <param name="hasPattern">It goes to the subscribers of a pattern.</param>
/// <param name="isSharded">It goes to the subscribers of a shard channel.</param>
/// <param name="channel">The channel.</param>
/// <param name="text">What was published.</param>
internal ref struct Message(
    ReadOnlySpan<byte> pattern, bool hasPattern, bool isSharded, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> text)
{
    private readonly ReadOnlySpan<byte> _pattern = pattern;
    private readonly ReadOnlySpan<byte> _channel = channel;
    private readonly ReadOnlySpan<byte> _text = text;
    private readonly bool _hasPattern = hasPattern;
    private readonly bool _isSharded = isSharded;
    private byte[]? _old;
    private byte[]? _new;

    /// <summary>A message to the subscribers of a channel.</summary>
    public static Message ToChannel(bool isSharded, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> text) =>
        new([], hasPattern: false, isSharded, channel, text);

    /// <summary>A message to the subscribers of a pattern.</summary>
    public static Message ToPattern(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> channel, ReadOnlySpan<byte> text) =>
        new(pattern, hasPattern: true, isSharded: false, channel, text);

    /// <summary>Its bytes in a version of the protocol, not to be changed.</summary>
    public byte[] In(int protocol) => protocol == 2 ? _old ??= Encode((byte)'*') : _new ??= Encode((byte)'>');

    private readonly byte[] Encode(byte type)
    {
        var word = _hasPattern ? "pmessage"u8 : _isSharded ? "smessage"u8 : "message"u8;
        var length = RespEncoder.HeadLength(3) + RespEncoder.BulkLength(word.Length)
            + (_hasPattern ? RespEncoder.BulkLength(_pattern.Length) : 0)
            + RespEncoder.BulkLength(_channel.Length) + RespEncoder.BulkLength(_text.Length);
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        var used = RespEncoder.WriteHead(bytes, type, _hasPattern ? 4 : 3);
        used += RespEncoder.WriteBulk(bytes.AsSpan(used), word);
        if (_hasPattern) used += RespEncoder.WriteBulk(bytes.AsSpan(used), _pattern);
        used += RespEncoder.WriteBulk(bytes.AsSpan(used), _channel);
        used += RespEncoder.WriteBulk(bytes.AsSpan(used), _text);
        Invariant.That(used == length);
        return bytes;
    }
}
