using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Streams;

/// <summary>What a waiting reader asks of the value of a key.</summary>
public static unsafe class StreamReadiness
{
    /// <summary>The value is a stream with an entry behind an id.</summary>
    public static bool HasEntryBehind(in Entry entry, in StreamId id) =>
        TryHead(entry, out var head)
        && StreamHead.TryEdge(head, last: true, withDeleted: false, out var last) && last > id;

    /// <summary>
    /// A reader of a group has something to be told: the value is no stream, or has no such group, or an entry for it.
    /// </summary>
    public static bool ConcernsGroup(in Entry entry, ReadOnlySpan<byte> group)
    {
        if (!TryHead(entry, out var head)) return true;
        var index = StreamHead.FindGroup(head, group, out _);
        return index < 0 || HasEntryBehind(entry, head->Groups[index]->Last);
    }

    private static bool TryHead(in Entry entry, out StreamHead* head)
    {
        var isStream = entry.IsPresent && entry.Kind == ValueKind.Stream;
        head = isStream ? StreamHead.Of(*EntryBlock.Root(entry.Block)) : null;
        return isStream;
    }
}
