namespace Starling.Slots.Values.Streams;

/// <summary>
/// Checks the listpack of a node from outside to its last element: after it, everything here may be done with the node.
/// </summary>
internal unsafe ref struct StreamNodeCheck
{
    private byte* _at;
    private long _left; // elements

    /// <summary>Checks a node.</summary>
    /// <param name="listpack">The bytes.</param>
    /// <param name="id">The id of the node.</param>
    /// <param name="last">The id of the last entry before the node that is not deleted; then of the node.</param>
    /// <param name="live">Number of entries that are not deleted.</param>
    public static bool IsSound(ReadOnlySpan<byte> listpack, in StreamId id, ref StreamId last, out long live)
    {
        live = 0;
        if (!Listpack.IsSound(listpack, out var count)) return false;
        fixed (byte* start = listpack)
        {
            var check = new StreamNodeCheck { _at = start + Listpack.HeaderBytes, _left = count };
            if (!check.TryNumber(out live) || !check.TryNumber(out var deleted) || !check.TryNumber(out var fields)) return false;
            if (live < 0 || deleted < 0 || fields < 0 || live + deleted <= 0) return false;
            if (!check.TrySkip(fields) || !check.TryNumber(out var zero) || zero != 0) return false;
            return check.HasEntries(live, deleted, fields, id, ref last);
        }
    }

    private bool HasEntries(long live, long deleted, long fields, in StreamId id, ref StreamId last)
    {
        while (_left > 0)
        {
            // Flags take one byte, so that they can be changed in their place.
            if (*_at > (StreamNodeCursor.DeletedFlag | StreamNodeCursor.SameFieldsFlag)) return false;
            if (!TryNumber(out var flags) || !TryNumber(out var milliseconds) || !TryNumber(out var sequence)) return false;
            var own = fields;
            var elements = own;
            if ((flags & StreamNodeCursor.SameFieldsFlag) == 0)
            {
                if (!TryNumber(out own) || own is < 0 or > int.MaxValue) return false;
                elements = 2 * own;
            }

            if (!TrySkip(elements) || !TryNumber(out var count)) return false;
            if (count != ((flags & StreamNodeCursor.SameFieldsFlag) == 0 ? elements + 4 : elements + 3)) return false;
            if ((flags & StreamNodeCursor.DeletedFlag) != 0)
            {
                deleted--;
                continue;
            }

            live--;
            var entry = new StreamId(id.Milliseconds + (ulong)milliseconds, id.Sequence + (ulong)sequence);
            if (entry < id || entry <= last) return false;
            last = entry;
        }

        return live == 0 && deleted == 0;
    }

    private bool TryNumber(out long number)
    {
        number = 0;
        if (_left == 0 || !Listpack.Read(_at).TryNumber(out number)) return false;
        return TrySkip(1);
    }

    private bool TrySkip(long count)
    {
        if (count > _left) return false;
        _left -= count;
        for (; count > 0; count--) _at += Listpack.EntryLength(_at);
        return true;
    }
}
