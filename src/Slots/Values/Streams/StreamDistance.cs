namespace Starling.Slots.Values.Streams;

/// <summary>
/// How many entries lie before an id, or behind it: numbers that are known for some ids only, without counting. The rules
/// are Redis's, so that groups tell the same of themselves.
/// </summary>
internal static unsafe class StreamDistance
{
    /// <summary>Entries that were ever added up to an id; <see cref="StreamGroup.UnknownRead"/> when that is not known.
    /// </summary>
    public static long FromStart(StreamHead* head, in StreamId id)
    {
        if (head->Added == 0) return 0;
        if (head->Length == 0 && id <= head->Last) return (long)head->Added;
        if (!id.IsZero && id < head->MaxDeleted) return StreamGroup.UnknownRead;
        if (id == head->Last) return (long)head->Added;
        if (id > head->Last) return StreamGroup.UnknownRead;
        if (!head->MaxDeleted.IsZero && head->MaxDeleted >= head->First) return StreamGroup.UnknownRead;
        if (id < head->First) return (long)(head->Added - head->Length);
        return id == head->First ? (long)(head->Added - head->Length + 1) : StreamGroup.UnknownRead;
    }

    /// <summary>Some entry from an id on may have been deleted by itself.</summary>
    public static bool HasGapFrom(StreamHead* head, in StreamId id) =>
        head->Length != 0 && !head->MaxDeleted.IsZero && id <= head->MaxDeleted;

    /// <summary>Entries that a group has not read yet; false when that is not known.</summary>
    public static bool TryLag(StreamHead* head, StreamGroup* group, out long lag)
    {
        lag = 0;
        if (head->Added == 0 || head->Length == 0) return true;
        if (group->Last < head->First && head->MaxDeleted < head->First)
        {
            lag = (long)head->Length;
            return true;
        }

        var read = group->Read != StreamGroup.UnknownRead && !HasGapFrom(head, group->Last)
            ? group->Read
            : FromStart(head, group->Last);
        lag = (long)head->Added - read;
        return read != StreamGroup.UnknownRead;
    }
}
