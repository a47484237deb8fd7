using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Tracking;

/// <summary>
/// What a client is told when keys have changed, written once for every form: a push of RESP3, or in RESP2 a message of the channel
/// __redis__:invalidate. One thread at a time.
/// </summary>
/// <param name="keys">The keys; null when all keys are gone.</param>
internal sealed class InvalidationMessage(IReadOnlyList<byte[]>? keys)
{
    private byte[]? _push;
    private byte[]? _message;

    private static ReadOnlySpan<byte> Word => "invalidate"u8;

    private static ReadOnlySpan<byte> ChannelName => "__redis__:invalidate"u8;

    /// <summary>Its bytes, not to be changed; null for who cannot be told: RESP2 has room for it among messages only.</summary>
    /// <param name="protocol">The version of the protocol that the receiver speaks.</param>
    /// <param name="takesMessages">The receiver is a subscriber who is told in another one's place.</param>
    public byte[]? For(int protocol, bool takesMessages)
    {
        if (protocol > 2) return _push ??= Encode((byte)'>', 2, "_\r\n"u8, Word, []);
        return takesMessages ? _message ??= Encode((byte)'*', 3, "$-1\r\n"u8, "message"u8, ChannelName) : null;
    }

    /// <summary>What a client of RESP3 is told when who is told in its place is gone.</summary>
    public static byte[] BrokenRedirection(long redirectTo)
    {
        var word = "tracking-redir-broken"u8;
        var bytes = new byte[(3 * RespEncoder.LongestHead) + word.Length];
        var used = RespEncoder.WriteHead(bytes, (byte)'>', 2);
        used += RespEncoder.WriteBulk(bytes.AsSpan(used), word);
        used += RespEncoder.WriteHead(bytes.AsSpan(used), (byte)':', redirectTo);
        return bytes[..used];
    }

    private byte[] Encode(byte type, int count, ReadOnlySpan<byte> nothing, ReadOnlySpan<byte> word, ReadOnlySpan<byte> channel)
    {
        var length = RespEncoder.HeadLength(count) + RespEncoder.BulkLength(word.Length)
            + (channel.Length == 0 ? 0 : RespEncoder.BulkLength(channel.Length)) + (keys is null ? nothing.Length : LengthOf(keys));
        var bytes = GC.AllocateUninitializedArray<byte>(length);
        var used = RespEncoder.WriteHead(bytes, type, count);
        used += RespEncoder.WriteBulk(bytes.AsSpan(used), word);
        if (channel.Length > 0) used += RespEncoder.WriteBulk(bytes.AsSpan(used), channel);
        if (keys is null)
        {
            nothing.CopyTo(bytes.AsSpan(used));
            used += nothing.Length;
        }
        else
        {
            used += RespEncoder.WriteHead(bytes.AsSpan(used), (byte)'*', keys.Count);
            foreach (var key in keys) used += RespEncoder.WriteBulk(bytes.AsSpan(used), key);
        }

        Invariant.That(used == length);
        return bytes;
    }

    private static int LengthOf(IReadOnlyList<byte[]> keys)
    {
        var length = RespEncoder.HeadLength(keys.Count);
        foreach (var key in keys) length = checked(length + RespEncoder.BulkLength(key.Length));
        return length;
    }
}
