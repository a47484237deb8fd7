using Starling.Node.Serving;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>
/// What SORT answers: the elements, or what the patterns of GET find for each of them. Read piece by piece it is the content
/// of the list that STORE makes (<see cref="ContentForm.ListElements"/>), in which what is not found is an empty text.
/// </summary>
/// <param name="call">The call.</param>
/// <param name="items">The elements.</param>
/// <param name="gets">Positions of the patterns; null for none.</param>
internal sealed class SortContent(CommandContext call, SortItems items, List<int>? gets) : IContentReader
{
    private long _next;

    /// <summary>How many texts there are.</summary>
    public long Count => (long)items.Count * PerItem;

    private int PerItem => gets?.Count ?? 1;

    /// <summary>Replies with all of it as an array.</summary>
    public void Reply()
    {
        call.Reply.Array(Count);
        for (var i = 0L; i < Count; i++)
        {
            if (TryFind(i, out var text)) call.Reply.Bulk(text);
            else call.Reply.Null();
        }
    }

    /// <inheritdoc/>
    public bool TryNumber(out ulong value)
    {
        value = (ulong)Count;
        return true;
    }

    /// <inheritdoc/>
    public bool TryText(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (_next == Count) return false;
        TryFind(_next++, out text);
        return true;
    }

    /// <summary>A list's elements have no such bytes.</summary>
    public bool TryRaw(Span<byte> bytes) => false;

    /// <summary>Finds a text; it is dead after the next one was looked for.</summary>
    private bool TryFind(long index, out ReadOnlySpan<byte> text)
    {
        var (item, get) = Math.DivRem(index, PerItem);
        text = items[(int)item];
        return gets is null || new SortPattern(call[gets[(int)get]]).TryFind(call, text, out text);
    }
}
