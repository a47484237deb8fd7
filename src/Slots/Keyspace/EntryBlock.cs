using System.Runtime.CompilerServices;
using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>
/// The native layout of an entry: a header of 8 bytes, then each of these if it is there: the expiry (8), the length of
/// a key that needs more than 16 bits (8), the address, length and capacity of a value in a block of its own (16); then
/// the key; then the value, if it has no block of its own. The header: kind in bits 0-3, flags in 4-7, access clock in
/// 8-31, key length in 32-47, length of the inline value in 48-63.
/// </summary>
internal static unsafe class EntryBlock
{
    /// <summary>The entry has an expiry.</summary>
    public const ulong HasExpiry = 0x10;

    /// <summary>The string was made by a command that leaves room behind it.</summary>
    public const ulong IsRaw = 0x20;

    /// <summary>The value is in a block of its own.</summary>
    public const ulong IsSeparate = 0x40;

    /// <summary>The key's length is in a word of its own.</summary>
    public const ulong HasLongKey = 0x80;

    /// <summary>
    /// A longer value gets a block of its own, so that growing it, giving it an expiry or another name does not copy
    /// it.
    /// </summary>
    public const int LargestInline = 512;

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

    /// <summary>The bytes of the value, whether inline or not.</summary>
    public static Span<byte> Value(byte* entry)
    {
        var header = *(ulong*)entry;
        var keyOffset = KeyOffset(header);
        if ((header & IsSeparate) != 0)
            return new Span<byte>(*(byte**)(entry + keyOffset - 16), *(int*)(entry + keyOffset - 8));
        return new Span<byte>(entry + keyOffset + KeyLength(entry, header), (int)(header >> 48));
    }

    /// <summary>Address of the block of a separate value.</summary>
    public static ref byte* SeparateAddress(byte* entry) => ref *(byte**)(entry + KeyOffset(*(ulong*)entry) - 16);

    /// <summary>Length of a separate value.</summary>
    public static ref int SeparateLength(byte* entry) => ref *(int*)(entry + KeyOffset(*(ulong*)entry) - 8);

    /// <summary>Size that the block of a separate value was made with.</summary>
    public static ref int SeparateCapacity(byte* entry) => ref *(int*)(entry + KeyOffset(*(ulong*)entry) - 4);

    /// <summary>Sets the length of an inline value; the entry must have room for it.</summary>
    public static void SetInlineLength(byte* entry, int length) =>
        *(ulong*)entry = *(ulong*)entry & (ulong.MaxValue >> 16) | (ulong)length << 48;

    /// <summary>Bytes of the entry without a separate value's block.</summary>
    public static long Size(byte* entry)
    {
        var header = *(ulong*)entry;
        return KeyOffset(header) + (long)KeyLength(entry, header) + (int)(header >> 48);
    }

    /// <summary>
    /// Makes an entry; the bytes of an inline value are left undefined, those of a separate one are to be attached by
    /// the caller.
    /// </summary>
    /// <param name="heap">Gives the memory.</param>
    /// <param name="selector">The stripe.</param>
    /// <param name="key">The key.</param>
    /// <param name="like">
    /// A header whose kind, clock and raw flag the entry gets; <see cref="IsSeparate"/> says whether the value gets a
    /// block.
    /// </param>
    /// <param name="expiresAt">The expiry or <see cref="Entry.NoExpiry"/>.</param>
    /// <param name="inlineLength">Length of the inline value, 0 for a separate one.</param>
    public static byte* Make(
        NativeHeap heap, int selector, ReadOnlySpan<byte> key, ulong like, long expiresAt, int inlineLength)
    {
        var header = like & (KindBits | ClockBits | IsRaw | IsSeparate) | (ulong)inlineLength << 48;
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
    /// Makes an entry of the same value under another name or with another expiry. A separate value's block is the new
    /// entry's from then on: the caller frees the old entry without its value.
    /// </summary>
    public static byte* Rename(NativeHeap heap, int selector, byte* entry, ReadOnlySpan<byte> key, long expiresAt)
    {
        var separate = Has(entry, IsSeparate);
        var inlineLength = separate ? 0 : Value(entry).Length;
        var renamed = Make(heap, selector, key, *(ulong*)entry, expiresAt, inlineLength);
        if (separate)
        {
            SeparateAddress(renamed) = SeparateAddress(entry);
            SeparateLength(renamed) = SeparateLength(entry);
            SeparateCapacity(renamed) = SeparateCapacity(entry);
        }
        else
        {
            Value(entry).CopyTo(Value(renamed));
        }

        return renamed;
    }

    /// <summary>Frees an entry and, if it has one, its value's block.</summary>
    public static void Free(NativeHeap heap, byte* entry)
    {
        if (Has(entry, IsSeparate)) heap.Free(SeparateAddress(entry), SeparateCapacity(entry));
        heap.Free(entry, Size(entry));
    }

    /// <summary>Frees an entry but not its value's block, which another entry has taken over.</summary>
    public static void FreeWithoutValue(NativeHeap heap, byte* entry) => heap.Free(entry, Size(entry));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int KeyOffset(ulong header) =>
        8 + (int)((header & HasExpiry) >> 1) + (int)((header & HasLongKey) >> 4) + (int)((header & IsSeparate) >> 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int KeyLength(byte* entry, ulong header) =>
        (header & HasLongKey) == 0 ? (ushort)(header >> 32) : (int)*LongKeyLength(entry, header);

    private static long* LongKeyLength(byte* entry, ulong header) => (long*)(entry + 8 + ((header & HasExpiry) >> 1));
}
