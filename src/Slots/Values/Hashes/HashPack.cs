using System.Runtime.CompilerServices;
using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.Hashes;

/// <summary>A small hash: one listpack in a block of its own, with some free room behind it.</summary>
internal static unsafe class HashPack
{
    private const int LongestWithoutSlack = 256;
    private const int SmallBlock = 128;

    /// <summary>The longest listpack: what would be longer becomes a table.</summary>
    public const int LongestBytes = 1 << 30;

    /// <summary>Makes an empty pack.</summary>
    public static ValueRoot Make(in ValueMemory memory, HashEncoding encoding, int room)
    {
        var root = Allocate(memory, Listpack.EmptyBytes + (long)room, encoding, 0);
        Listpack.WriteHeader(root.Address, Listpack.EmptyBytes, 0);
        root.Address[Listpack.HeaderBytes] = Listpack.End;
        return root;
    }

    /// <summary>Makes a pack of a sound listpack.</summary>
    public static ValueRoot MakeOf(
        in ValueMemory memory, HashEncoding encoding, ReadOnlySpan<byte> listpack, uint earliestSecond)
    {
        var root = Allocate(memory, listpack.Length, encoding, earliestSecond);
        listpack.CopyTo(new Span<byte>(root.Address, listpack.Length));
        return root;
    }

    /// <summary>The listpack.</summary>
    public static ReadOnlySpan<byte> Bytes(in ValueRoot root) => new(root.Address, Length(root));

    /// <summary>Number of fields.</summary>
    public static long Count(in ValueRoot root)
    {
        int entries = Unsafe.ReadUnaligned<ushort>(root.Address + 4);
        if (entries == Listpack.UnknownCount)
        {
            entries = 0;
            for (var at = First(root); at < End(root); at += Listpack.EntryLength(at)) entries++;
        }

        return entries / Stride(root);
    }

    /// <summary>The first field's entry; <see cref="End"/> when there is none.</summary>
    public static byte* First(in ValueRoot root) => root.Address + Listpack.HeaderBytes;

    /// <summary>The place behind the last entry.</summary>
    public static byte* End(in ValueRoot root) => root.Address + Length(root) - 1;

    /// <summary>The entry of the value behind a field.</summary>
    public static byte* ValueOf(byte* field) => field + Listpack.EntryLength(field);

    /// <summary>The entry of the field behind another one.</summary>
    public static byte* Next(in ValueRoot root, byte* field)
    {
        var at = ValueOf(field);
        at += Listpack.EntryLength(at);
        return Stride(root) == 2 ? at : at + Listpack.EntryLength(at);
    }

    /// <summary>The entry of a field, or null.</summary>
    public static byte* Find(in ValueRoot root, ReadOnlySpan<byte> field)
    {
        var end = End(root);
        var isParsed = false;
        var isNumber = false;
        long number = 0;
        for (var at = First(root); at < end; at = Next(root, at))
        {
            if (Listpack.TryShortText(at, out var text))
            {
                if (text.SequenceEqual(field)) return at;
                continue;
            }

            var element = Listpack.Read(at);
            if (!element.TryNumber(out var value))
            {
                if (element.Text(default).SequenceEqual(field)) return at;
                continue;
            }

            if (!isParsed) isNumber = DecimalInteger.TryParse(field, out number);
            isParsed = true;
            if (isNumber && value == number) return at;
        }

        return null;
    }

    /// <summary>The expiry of a field, or <see cref="Entry.NoExpiry"/>.</summary>
    public static long ExpiryOf(in ValueRoot root, byte* field)
    {
        if (Stride(root) == 2) return Entry.NoExpiry;
        var value = ValueOf(field);
        Listpack.Read(value + Listpack.EntryLength(value)).TryNumber(out var expiresAt);
        return expiresAt == 0 ? Entry.NoExpiry : expiresAt;
    }

    /// <summary>Bytes that a field with its value would add, all included.</summary>
    public static long AddedBytes(in ValueRoot root, ReadOnlySpan<byte> field, ReadOnlySpan<byte> value) =>
        Listpack.EntryLength(field) + Listpack.EntryLength(value) + (Stride(root) == 2 ? 0 : Listpack.LongestNumber);

    /// <summary>Adds a field that is not there behind the others; an expiry only where there is a place for it.</summary>
    public static void Add(
        in ValueMemory memory, ref ValueRoot root, ReadOnlySpan<byte> field, ReadOnlySpan<byte> value, long expiresAt)
    {
        var fieldLength = (int)Listpack.EntryLength(field);
        var valueLength = (int)Listpack.EntryLength(value);
        var stride = Stride(root);
        var expiry = Math.Max(0, expiresAt);
        var expiryLength = stride == 2 ? 0 : Listpack.EntryLength(expiry);
        var offset = Length(root) - 1;
        Splice(memory, ref root, offset, 0, fieldLength + valueLength + expiryLength);
        var at = root.Address + offset;
        Listpack.Write(at, field);
        Listpack.Write(at + fieldLength, value);
        if (stride == 3) Listpack.Write(at + fieldLength + valueLength, expiry);
        AddEntries(root, stride);
        if (expiry > 0) LowerEarliest(ref root, expiry);
    }

    /// <summary>Replaces the value of a field.</summary>
    public static void Replace(in ValueMemory memory, ref ValueRoot root, byte* field, ReadOnlySpan<byte> value)
    {
        var at = ValueOf(field);
        var offset = (int)(at - root.Address);
        Splice(memory, ref root, offset, Listpack.EntryLength(at), (int)Listpack.EntryLength(value));
        Listpack.Write(root.Address + offset, value);
    }

    /// <summary>Sets the expiry of a field, in a pack that has a place for it.</summary>
    public static void SetExpiry(in ValueMemory memory, ref ValueRoot root, byte* field, long expiresAt)
    {
        Invariant.That(Stride(root) == 3);
        var expiry = Math.Max(0, expiresAt);
        var value = ValueOf(field);
        var at = value + Listpack.EntryLength(value);
        var offset = (int)(at - root.Address);
        Splice(memory, ref root, offset, Listpack.EntryLength(at), Listpack.EntryLength(expiry));
        Listpack.Write(root.Address + offset, expiry);
        if (expiry > 0) LowerEarliest(ref root, expiry);
        else Recount(ref root);
    }

    /// <summary>Removes a field with its value.</summary>
    public static void Remove(in ValueMemory memory, ref ValueRoot root, byte* field)
    {
        var length = (int)(Next(root, field) - field);
        var isExpiring = ExpiryOf(root, field) != Entry.NoExpiry;
        Splice(memory, ref root, (int)(field - root.Address), length, 0);
        AddEntries(root, -Stride(root));
        if (isExpiring) Recount(ref root);
        if (HashRoot.Capacity(root) > SmallBlock && Length(root) < HashRoot.Capacity(root) / 2)
            Resize(memory, ref root, Length(root));
    }

    /// <summary>Makes room for expiries: a pack of fields and values becomes one of fields, values and expiries.</summary>
    public static void MakeExpiring(in ValueMemory memory, ref ValueRoot root)
    {
        var count = Count(root);
        var zero = Listpack.EntryLength(0L);
        var made = Allocate(memory, Length(root) + (count * zero), HashEncoding.ExpiringPack, 0);
        var to = made.Address + Listpack.HeaderBytes;
        for (var at = First(root); at < End(root);)
        {
            var next = Next(root, at);
            Buffer.MemoryCopy(at, to, next - at, next - at);
            to += next - at;
            Listpack.Write(to, 0L);
            to += zero;
            at = next;
        }

        *to = Listpack.End;
        Listpack.WriteHeader(made.Address, (int)(to + 1 - made.Address), (int)Math.Min(count * 3, Listpack.UnknownCount));
        memory.Free(root.Address, HashRoot.Capacity(root));
        root = made;
    }

    /// <summary>Finds the earliest expiry anew, after fields with expiries have gone.</summary>
    public static void Recount(ref ValueRoot root)
    {
        HashRoot.SetEarliestSecond(ref root, 0);
        if (Stride(root) == 2) return;
        for (var at = First(root); at < End(root); at = Next(root, at))
            if (ExpiryOf(root, at) is var expiresAt && expiresAt != Entry.NoExpiry) LowerEarliest(ref root, expiresAt);
    }

    /// <summary>Makes a pack like another one.</summary>
    public static ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root) =>
        MakeOf(memory, HashRoot.Encoding(root), Bytes(root), HashRoot.EarliestSecond(root));

    /// <summary>Entries of the listpack for one field.</summary>
    private static int Stride(in ValueRoot root) => HashRoot.Encoding(root) == HashEncoding.Pack ? 2 : 3;

    private static int Length(in ValueRoot root) => Unsafe.ReadUnaligned<int>(root.Address);

    private static void LowerEarliest(ref ValueRoot root, long expiresAt) => HashRoot.SetEarliestSecond(
        ref root,
        TableNode.Earlier(HashRoot.EarliestSecond(root), TableNode.SecondOf(expiresAt)));

    private static void AddEntries(in ValueRoot root, int count)
    {
        int entries = Unsafe.ReadUnaligned<ushort>(root.Address + 4);
        if (entries == Listpack.UnknownCount) return;
        Listpack.WriteHeader(root.Address, Length(root), entries + count);
    }

    private static ValueRoot Allocate(in ValueMemory memory, long bytes, HashEncoding encoding, uint earliestSecond)
    {
        // Whole units: in debug builds guard bytes leave odd numbers.
        var capacity = (int)(NativeHeap.UsableBytes(bytes) & ~7L);
        if (capacity < bytes) capacity += 8;
        return HashRoot.OfPack(memory.Allocate(capacity), capacity, encoding, earliestSecond);
    }

    /// <summary>Replaces bytes of the listpack by others, which are left undefined.</summary>
    private static void Splice(in ValueMemory memory, ref ValueRoot root, int offset, int removed, int added)
    {
        var delta = added - removed;
        if (delta == 0) return;
        var length = Length(root);
        var wanted = length + delta;
        if (wanted > HashRoot.Capacity(root))
            Resize(memory, ref root, wanted + (wanted > LongestWithoutSlack ? wanted / 8 : 0));
        var at = root.Address + offset;
        var behind = length - offset - removed;
        Buffer.MemoryCopy(at + removed, at + added, behind, behind);
        Unsafe.WriteUnaligned(root.Address, wanted);
    }

    private static void Resize(in ValueMemory memory, ref ValueRoot root, int bytes)
    {
        var resized = Allocate(memory, bytes, HashRoot.Encoding(root), HashRoot.EarliestSecond(root));
        var kept = Math.Min(Length(root), HashRoot.Capacity(resized));
        Buffer.MemoryCopy(root.Address, resized.Address, kept, kept);
        memory.Free(root.Address, HashRoot.Capacity(root));
        root = resized;
    }
}
