using Starling.Node.Execution;
using Starling.Resp;
using Starling.Slots.Values;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>How ids and entries are written, to clients and as effects.</summary>
internal static class StreamReplies
{
    /// <summary>Writes an id.</summary>
    public static void StreamId(this RespWriter reply, in StreamId id)
    {
        Span<byte> text = stackalloc byte[Slots.Values.Streams.StreamId.MaxTextLength];
        reply.Bulk(text[..id.Format(text)]);
    }

    /// <summary>Writes an entry: its id, and an array of its fields and values.</summary>
    public static void StreamEntry(this RespWriter reply, scoped StreamEntry entry)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        reply.Array(2);
        reply.StreamId(entry.Id);
        reply.Array(entry.FieldCount * 2L);
        while (entry.TryRead(out var field, out var value))
        {
            reply.Bulk(field.Text(scratch));
            reply.Bulk(value.Text(scratch));
        }
    }

    /// <summary>Writes entries as an array.</summary>
    /// <param name="reply">The reply.</param>
    /// <param name="range">The entries.</param>
    /// <param name="limit">The most that are written; 0 for all.</param>
    public static void StreamEntries(this RespWriter reply, scoped StreamRange range, long limit)
    {
        var mark = reply.BeginArray();
        var count = 0;
        while ((limit == 0 || count < limit) && range.MoveNext())
        {
            reply.StreamEntry(range.Current);
            count++;
        }

        reply.EndArray(mark, count);
    }

    /// <summary>Adds an id to an effect.</summary>
    public static void AddId(this ref EffectBuilder effect, in StreamId id)
    {
        Span<byte> text = stackalloc byte[Slots.Values.Streams.StreamId.MaxTextLength];
        effect.Add((ReadOnlySpan<byte>)text[..id.Format(text)]);
    }
}
