using System.Runtime.CompilerServices;
using Starling.Slots.Memory;
using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>
/// The native layout of an entry: a header of 8 bytes, then each of these if it is there: the expiry (8), the length of
/// a key that needs more than 16 bits (8), the root of a value that does not lie in the entry (16); then the key; then
/// the value, if it has no root. The header: kind in bits 0-3, flags in 4-7, access clock in 8-31 (a time of last
/// access, or time and counter where frequencies are kept), key length in 32-47, length of an inline value in 48-57;
/// bits 58-63 are free for flags to come and zero.
/// </summary>
internal static unsafe class EntryBlock
{
    /// <summary>The entry has an expiry.</summary>
    public const ulong HasExpiry = 0x10;

    /// <summary>A flag whose meaning is the kind's; of a string: Redis calls its encoding raw.</summary>
    public const ulong KindFlag = 0x20;

    /// <summary>The entry holds the root of the value, not the value.</summary>
    public const ulong HasRoot = 0x40;

    /// <summary>The key's length is in a word of its own.</summary>
    public const ulong HasLongKey = 0x80;

    /// <summary>The longest value that an entry can hold itself.</summary>
    public const int LargestInline = (1 << InlineLengthBits) - 1;

    private const int InlineLengthShift = 48;
    private const int InlineLengthBits = 10;
    private const ulong InlineLengthMask = (ulong)LargestInline << InlineLengthShift;
    private const ulong KindBits = 0xF;
    private const ulong ClockBits = 0xFFFF_FF00;

    /// <summary>The header word.</summary>
    public static ref ulong Header(byte* entry) => ref *(ulong*)entry;

    /// <summary>True when the entry has all of these flags.</summary>
    public static bool Has(byte* entry, ulong flag) => (*(ulong*)entry & flag) != 0;

    /// <summary>What kind of value it holds.</summary>
    public static ValueKind Kind(byte* entry) => (ValueKind)(*(ulong*)entry & KindBits);

    /// <summary>The access clock.</summary>
    public static uint Clock(byte* entry) => (uint)(*(ulong*)entry & ClockBits) >> 8;

    /// <summary>Sets the access clock.</summary>
    public static void SetClock(byte* entry, uint clock) =>
        *(ulong*)entry = *(ulong*)entry & ~ClockBits | (ulong)(clock << 8);

    /// <summary>The expiry, or <see cref="Entry.NoExpiry"/>.</summary>
    public static long Expiry(byte* entry) => Has(entry, HasExpiry) ? *(long*)(entry + 8) : Entry.NoExpiry;

    /// <summary>Sets the expiry of an entry that has one.</summary>
    public static void SetExpiry(byte* entry, long expiresAt) => *(long*)(entry + 8) = expiresAt;

    /// <summary>The key.</summary>
    public static ReadOnlySpan<byte> Key(byte* entry)
    {
        var header = *(ulong*)entry;
        return new ReadOnlySpan<byte>(entry + KeyOffset(header), KeyLength(entry, header));
    }

    /// <summary>True when the entry is of this key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasKey(byte* entry, ReadOnlySpan<byte> key)
    {
        var header = *(ulong*)entry;
        return KeyLength(entry, header) == key.Length &&
            key.SequenceEqual(new ReadOnlySpan<byte>(entry + KeyOffset(header), key.Length));
    }

    /// <summary>The bytes of a value that has no root.</summary>
    public static Span<byte> Inline(byte* entry)
    {
        var header = *(ulong*)entry;
        return new Span<byte>(entry + KeyOffset(header) + KeyLength(entry, header), InlineLength(header));
    }

    /// <summary>The root of a value that has one.</summary>
    public static ValueRoot* Root(byte* entry) => (ValueRoot*)(entry + KeyOffset(*(ulong*)entry) - ValueRoot.Bytes);

    /// <summary>The value, wherever it lies.</summary>
    public static ValueView View(byte* entry)
    {
        var flag = Has(entry, KindFlag);
        return Has(entry, HasRoot) ? new ValueView(Root(entry), flag) : new ValueView(Inline(entry), flag);
    }

    /// <summary>The operations of the value's kind.</summary>
    public static ValueOperations Operations(byte* entry) => ValueKinds.Of(Kind(entry));

    /// <summary>Sets the length of an inline value; the entry must have room for it.</summary>
    public static void SetInlineLength(byte* entry, int length) =>
        *(ulong*)entry = *(ulong*)entry & ~InlineLengthMask | (ulong)length << InlineLengthShift;

    /// <summary>True when an entry with an inline value of that length takes the same memory.</summary>
    public static bool HasRoomFor(byte* entry, int inlineLength)
    {
        var size = Size(entry);
        return NativeHeap.UsableBytes(size - Inline(entry).Length + inlineLength) == NativeHeap.UsableBytes(size);
    }

    /// <summary>Sets the length of an inline value as <see cref="SetInlineLength"/> and returns the entry.</summary>
    public static byte* WithInlineLength(byte* entry, int length)
    {
        SetInlineLength(entry, length);
        return entry;
    }

    /// <summary>Bytes of the entry without the blocks that a root leads to.</summary>
    public static long Size(byte* entry)
    {
        var header = *(ulong*)entry;
        return KeyOffset(header) + (long)KeyLength(entry, header) + InlineLength(header);
    }

    /// <summary>
    /// Makes an entry; the bytes of an inline value are left undefined, a root is to be set by the caller.
    /// </summary>
    /// <param name="heap">Gives the memory.</param>
    /// <param name="selector">The stripe.</param>
    /// <param name="key">The key.</param>
    /// <param name="like">
    /// A header whose kind, clock and flag of the kind the entry gets; <see cref="HasRoot"/> says whether it holds a
    /// root.
    /// </param>
    /// <param name="expiresAt">The expiry or <see cref="Entry.NoExpiry"/>.</param>
    /// <param name="inlineLength">Length of the inline value, 0 for a root.</param>
    public static byte* Make(
        NativeHeap heap, int selector, ReadOnlySpan<byte> key, ulong like, long expiresAt, int inlineLength)
    {
        var header = like & (KindBits | ClockBits | KindFlag | HasRoot) | (ulong)inlineLength << InlineLengthShift;
        if (expiresAt != Entry.NoExpiry) header |= HasExpiry;
        if (key.Length > ushort.MaxValue) header |= HasLongKey;
        else header |= (ulong)key.Length << 32;
        var keyOffset = KeyOffset(header);
        var entry = heap.Allocate(selector, keyOffset + (long)key.Length + inlineLength);
        *(ulong*)entry = header;
        if ((header & HasExpiry) != 0) *(long*)(entry + 8) = expiresAt;
        if ((header & HasLongKey) != 0) *LongKeyLength(entry, header) = key.Length;
        key.CopyTo(new Span<byte>(entry + keyOffset, key.Length));
        return entry;
    }

    /// <summary>
    /// Makes an entry of the same value under another name or with another expiry. What a root leads to is the new
    /// entry's from then on: the caller frees the old entry without its value.
    /// </summary>
    public static byte* Rename(NativeHeap heap, int selector, byte* entry, ReadOnlySpan<byte> key, long expiresAt)
    {
        var header = *(ulong*)entry;
        var renamed = Make(heap, selector, key, header, expiresAt, InlineLength(header));
        if (Has(entry, HasRoot)) *Root(renamed) = *Root(entry);
        else Inline(entry).CopyTo(Inline(renamed));
        return renamed;
    }

    /// <summary>Makes an entry with a value of its own that is like another's, with its expiry, in any heap.</summary>
    public static byte* Copy(NativeHeap heap, int selector, byte* entry, ReadOnlySpan<byte> key)
    {
        var header = *(ulong*)entry;
        var copy = Make(heap, selector, key, header, Expiry(entry), InlineLength(header));
        if (Has(entry, HasRoot))
            *Root(copy) = Operations(entry).Duplicate(new ValueMemory(heap, selector), *Root(entry));
        else
            Inline(entry).CopyTo(Inline(copy));
        return copy;
    }

    /// <summary>Frees an entry and all that its root, if it has one, leads to.</summary>
    public static void Free(NativeHeap heap, byte* entry)
    {
        if (Has(entry, HasRoot)) Operations(entry).Free(new ValueMemory(heap, 0), ref *Root(entry));
        heap.Free(entry, Size(entry));
    }

    /// <summary>Frees an entry but not what its root leads to, which another entry has taken over.</summary>
    public static void FreeWithoutValue(NativeHeap heap, byte* entry) => heap.Free(entry, Size(entry));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int InlineLength(ulong header) => (int)(header >> InlineLengthShift) & LargestInline;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int KeyOffset(ulong header) =>
        8 + (int)((header & HasExpiry) >> 1) + (int)((header & HasLongKey) >> 4) + (int)((header & HasRoot) >> 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int KeyLength(byte* entry, ulong header) =>
        (header & HasLongKey) == 0 ? (ushort)(header >> 32) : (int)*LongKeyLength(entry, header);

    private static long* LongKeyLength(byte* entry, ulong header) => (long*)(entry + 8 + ((header & HasExpiry) >> 1));
}
