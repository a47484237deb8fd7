using Starling.Slots;

namespace Starling.Node.Tracking;

/// <summary>A prefix that clients are told of changed keys by. Under the table's lock.</summary>
/// <param name="bytes">The prefix.</param>
internal sealed class BroadcastPrefix(byte[] bytes)
{
    /// <summary>The prefix.</summary>
    public byte[] Bytes => bytes;

    /// <summary>Who is told, by id.</summary>
    public SortedDictionary<long, TrackedClient> Clients { get; } = [];

    /// <summary>The keys that have changed since it was told of, with who has changed them last.</summary>
    public Dictionary<byte[], long> Keys { get; } = new(ByteStringComparer.Instance);

    /// <summary>The changed keys in their order, without those that a client has changed last itself.</summary>
    /// <param name="except">That client; 0 for nobody, not even the server itself.</param>
    public byte[][] KeysExcept(long except)
    {
        var keys = Keys.Where(pair => except == 0 || pair.Value != except).Select(pair => pair.Key).ToArray();
        Array.Sort(keys, static (one, other) => one.AsSpan().SequenceCompareTo(other));
        return keys;
    }
}
