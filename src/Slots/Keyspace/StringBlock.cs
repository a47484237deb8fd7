using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>Entries whose value is a string.</summary>
internal static unsafe class StringBlock
{
    private const int MebiByte = 1 << 20;

    /// <summary>Makes an entry.</summary>
    public static byte* Make(
        NativeHeap heap, int selector, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAt, uint clock)
    {
        var like = (ulong)ValueKind.String | (ulong)(clock << 8);
        byte* entry;
        if (value.Length <= EntryBlock.LargestInline)
        {
            entry = EntryBlock.Make(heap, selector, key, like, expiresAt, value.Length);
        }
        else
        {
            entry = EntryBlock.Make(heap, selector, key, like | EntryBlock.IsSeparate, expiresAt, 0);
            Attach(heap, selector, entry, value.Length, value.Length);
        }

        value.CopyTo(EntryBlock.Value(entry));
        return entry;
    }

    /// <summary>Makes a copy of an entry, its value included, under another name.</summary>
    public static byte* Copy(NativeHeap heap, int selector, byte* entry, ReadOnlySpan<byte> key)
    {
        var value = EntryBlock.Value(entry);
        var copy = Make(heap, selector, key, value, EntryBlock.Expiry(entry), EntryBlock.Clock(entry));
        EntryBlock.Header(copy) |= EntryBlock.Header(entry) & EntryBlock.IsRaw;
        return copy;
    }

    /// <summary>
    /// Writes a new value over the old one where it takes the same memory; the string is not raw any more.
    /// </summary>
    public static bool TryOverwrite(byte* entry, ReadOnlySpan<byte> value, long expiresAt)
    {
        if (EntryBlock.Kind(entry) != ValueKind.String) return false;
        if (EntryBlock.Has(entry, EntryBlock.HasExpiry) != (expiresAt != Entry.NoExpiry)) return false;
        if (EntryBlock.Has(entry, EntryBlock.IsSeparate))
        {
            if (value.Length <= EntryBlock.LargestInline) return false;
            if (Usable(value.Length) != EntryBlock.SeparateCapacity(entry))
                return false;
            EntryBlock.SeparateLength(entry) = value.Length;
        }
        else
        {
            if (value.Length > EntryBlock.LargestInline || !FitsInline(entry, value.Length)) return false;
            EntryBlock.SetInlineLength(entry, value.Length);
        }

        if (expiresAt != Entry.NoExpiry) EntryBlock.SetExpiry(entry, expiresAt);
        EntryBlock.Header(entry) &= ~EntryBlock.IsRaw;
        value.CopyTo(EntryBlock.Value(entry));
        return true;
    }

    /// <summary>
    /// Changes the length of a value, keeping what fits and zeroing what is new. Returns the entry, or a new block that
    /// has taken over the value's own block, if any; the caller then frees the old entry without its value.
    /// </summary>
    public static byte* Resize(NativeHeap heap, int selector, byte* entry, int length)
    {
        var old = EntryBlock.Value(entry);
        var oldLength = old.Length;
        if (EntryBlock.Has(entry, EntryBlock.IsSeparate)) ResizeSeparate(heap, selector, entry, length);
        else if (length <= EntryBlock.LargestInline && FitsInline(entry, length))
            EntryBlock.SetInlineLength(entry, length);
        else entry = Remake(heap, selector, entry, old, length);
        if (length > oldLength) EntryBlock.Value(entry)[oldLength..].Clear();
        return entry;
    }

    private static byte* Remake(NativeHeap heap, int selector, byte* entry, ReadOnlySpan<byte> old, int length)
    {
        var separate = length > EntryBlock.LargestInline;
        var like = EntryBlock.Header(entry) | (separate ? EntryBlock.IsSeparate : 0);
        var expiresAt = EntryBlock.Expiry(entry);
        var made = EntryBlock.Make(heap, selector, EntryBlock.Key(entry), like, expiresAt, separate ? 0 : length);
        if (separate) Attach(heap, selector, made, length, Capacity(length));
        old[..Math.Min(old.Length, length)].CopyTo(EntryBlock.Value(made));
        return made;
    }

    private static void ResizeSeparate(NativeHeap heap, int selector, byte* entry, int length)
    {
        ref var capacity = ref EntryBlock.SeparateCapacity(entry);
        var tooLarge = length < capacity / 4 && capacity > EntryBlock.LargestInline;
        if (capacity < length || tooLarge)
        {
            var wanted = Usable(tooLarge ? Math.Max(1, length) : Capacity(length));
            ref var address = ref EntryBlock.SeparateAddress(entry);
            address = heap.Reallocate(selector, address, capacity, wanted);
            capacity = wanted;
        }

        EntryBlock.SeparateLength(entry) = length;
    }

    /// <summary>Room for a string that grows: twice its length, from a mebibyte on an eighth more.</summary>
    private static int Capacity(int length) =>
        (int)Math.Min(Array.MaxLength, length < MebiByte ? length * 2L : length + (long)Math.Max(MebiByte, length / 8));

    /// <summary>A capacity with all that the allocator gives for it.</summary>
    private static int Usable(int capacity) => (int)Math.Min(Array.MaxLength, NativeHeap.UsableBytes(capacity));

    private static bool FitsInline(byte* entry, int length)
    {
        var size = EntryBlock.Size(entry);
        var wanted = size - EntryBlock.Value(entry).Length + length;
        return NativeHeap.UsableBytes(wanted) == NativeHeap.UsableBytes(size);
    }

    private static void Attach(NativeHeap heap, int selector, byte* entry, int length, int capacity)
    {
        EntryBlock.SeparateCapacity(entry) = Usable(capacity);
        EntryBlock.SeparateAddress(entry) = heap.Allocate(selector, EntryBlock.SeparateCapacity(entry));
        EntryBlock.SeparateLength(entry) = length;
    }
}
