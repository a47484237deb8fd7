using System.Runtime.InteropServices;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// The consumers of a group: each has a place of its own as long as it lives, by which pending entries name it, and all
/// are found in the order of their names. Behind this header lie the addresses by place, then the places by name.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ConsumerTable
{
    private const int FirstCapacity = 2;

    /// <summary>Number of consumers.</summary>
    public int Count;

    /// <summary>Room for consumers.</summary>
    public int Capacity;

    /// <summary>Bytes of the block.</summary>
    public readonly long BlockBytes => BytesOf(Capacity);

    /// <summary>The consumer of a place; null when the place is free.</summary>
    public static ref StreamConsumer* At(ConsumerTable* table, int place) => ref ((StreamConsumer**)(table + 1))[place];

    /// <summary>The place of a consumer in the order of names.</summary>
    public static int Place(ConsumerTable* table, int order) => Places(table)[order];

    /// <summary>The place of the consumer of a name; -1 when there is none.</summary>
    /// <param name="table">The table; null for one without consumers.</param>
    /// <param name="name">The name.</param>
    /// <param name="order">Where it is, or would be, in the order of names.</param>
    public static int Find(ConsumerTable* table, ReadOnlySpan<byte> name, out int order)
    {
        int low = 0, high = table == null ? 0 : table->Count;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var place = Place(table, middle);
            var compared = StreamConsumer.Name(At(table, place)).SequenceCompareTo(name);
            order = middle;
            if (compared == 0) return place;
            if (compared < 0) low = middle + 1;
            else high = middle;
        }

        order = low;
        return -1;
    }

    /// <summary>Adds a consumer.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="table">The table, which no snapshot shares; null at first; may move.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="order">Where it belongs in the order of names.</param>
    /// <returns>Its place.</returns>
    public static int Add(ref StreamMemory memory, ref ConsumerTable* table, StreamConsumer* consumer, int order)
    {
        if (table == null || table->Count == table->Capacity) Grow(ref memory, ref table);

        // Places are taken in turn until one goes; then some are free among them.
        var place = table->Count;
        if (At(table, place) != null)
            for (place = 0; At(table, place) != null;) place++;
        At(table, place) = consumer;
        var places = new Span<int>(Places(table), table->Count + 1);
        places[order..^1].CopyTo(places[(order + 1)..]);
        places[order] = place;
        table->Count++;
        return place;
    }

    /// <summary>Takes out a consumer.</summary>
    public static void Remove(ConsumerTable* table, int order)
    {
        var places = new Span<int>(Places(table), table->Count);
        At(table, places[order]) = null;
        places[(order + 1)..].CopyTo(places[order..]);
        table->Count--;
    }

    private static int* Places(ConsumerTable* table) =>
        (int*)((byte*)(table + 1) + (table->Capacity * (long)sizeof(StreamConsumer*)));

    private static long BytesOf(int capacity) =>
        sizeof(ConsumerTable) + (capacity * (long)(sizeof(StreamConsumer*) + sizeof(int)));

    private static void Grow(ref StreamMemory memory, ref ConsumerTable* table)
    {
        var count = table == null ? 0 : table->Count;
        var capacity = Math.Max(FirstCapacity, checked(count * 2));
        var grown = (ConsumerTable*)memory.Allocate(BytesOf(capacity));
        *grown = new ConsumerTable { Count = count, Capacity = capacity };
        var consumers = new Span<nint>(grown + 1, capacity);
        consumers.Clear();
        if (table != null)
        {
            new Span<nint>(table + 1, count).CopyTo(consumers);
            new Span<int>(Places(table), count).CopyTo(new Span<int>(Places(grown), count));
            memory.Free(table, table->BlockBytes);
        }

        table = grown;
    }
}
