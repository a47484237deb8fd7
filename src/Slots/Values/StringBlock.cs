using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>
/// Entries whose value is a string: a short one lies in the entry, so that its length is part of the entry's, and a longer one
/// may be written over where it lies.
/// </summary>
internal static unsafe class StringBlock
{
    private const int MebiByte = 1 << 20;

    /// <summary>Makes an entry.</summary>
    public static byte* Make(
        NativeHeap heap, int selector, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long expiresAt, uint clock)
    {
        var entry = Make(heap, selector, key, value.Length, expiresAt, (ulong)ValueKind.String | (ulong)(clock << 8));
        value.CopyTo(Bytes(entry));
        return entry;
    }

    /// <summary>Makes an entry of a string that Redis calls raw, without expiry; its bytes are undefined.</summary>
    public static byte* MakeRaw(NativeHeap heap, int selector, ReadOnlySpan<byte> key, int length, uint clock)
    {
        var like = (ulong)ValueKind.String | EntryBlock.KindFlag | (ulong)(clock << 8);
        return Make(heap, selector, key, length, Entry.NoExpiry, like);
    }

    private static byte* Make(
        NativeHeap heap, int selector, ReadOnlySpan<byte> key, int length, long expiresAt, ulong like)
    {
        if (length <= StringOperations.LargestInline) return EntryBlock.Make(heap, selector, key, like, expiresAt, length);
        var entry = EntryBlock.Make(heap, selector, key, like | EntryBlock.HasRoot, expiresAt, 0);
        *EntryBlock.Root(entry) = StringOperations.MakeRoot(new ValueMemory(heap, selector), length, length);
        return entry;
    }

    /// <summary>The bytes of the string.</summary>
    public static Span<byte> Bytes(byte* entry)
    {
        if (!EntryBlock.Has(entry, EntryBlock.HasRoot)) return EntryBlock.Inline(entry);
        var root = EntryBlock.Root(entry);
        return new Span<byte>(root->Address, root->Length);
    }

    /// <summary>
    /// Writes a new value over the old one where it takes the same memory; the string is not raw any more.
    /// </summary>
    public static bool TryOverwrite(byte* entry, ReadOnlySpan<byte> value, long expiresAt)
    {
        if (EntryBlock.Kind(entry) != ValueKind.String) return false;
        if (EntryBlock.Has(entry, EntryBlock.HasExpiry) != (expiresAt != Entry.NoExpiry)) return false;
        if (EntryBlock.Has(entry, EntryBlock.HasRoot))
        {
            if (value.Length <= StringOperations.LargestInline) return false;
            var root = EntryBlock.Root(entry);
            if (StringOperations.Usable(value.Length) != root->Capacity) return false;
            root->Length = value.Length;
        }
        else
        {
            if (value.Length > StringOperations.LargestInline || !FitsInline(entry, value.Length)) return false;
            EntryBlock.SetInlineLength(entry, value.Length);
        }

        if (expiresAt != Entry.NoExpiry) EntryBlock.SetExpiry(entry, expiresAt);
        EntryBlock.Header(entry) &= ~EntryBlock.KindFlag;
        value.CopyTo(Bytes(entry));
        return true;
    }

    /// <summary>
    /// Changes the length of a value, keeping what fits and zeroing what is new. Returns the entry, or a new block that
    /// has taken over the value's own block, if any; the caller then frees the old entry without its value.
    /// </summary>
    public static byte* Resize(NativeHeap heap, int selector, byte* entry, int length)
    {
        var old = Bytes(entry);
        var oldLength = old.Length;
        if (EntryBlock.Has(entry, EntryBlock.HasRoot))
            ResizeBlock(new ValueMemory(heap, selector), ref *EntryBlock.Root(entry), length);
        else if (length <= StringOperations.LargestInline && FitsInline(entry, length))
            EntryBlock.SetInlineLength(entry, length);
        else entry = Remake(heap, selector, entry, old, length);
        if (length > oldLength) Bytes(entry)[oldLength..].Clear();
        return entry;
    }

    private static byte* Remake(NativeHeap heap, int selector, byte* entry, ReadOnlySpan<byte> old, int length)
    {
        var hasRoot = length > StringOperations.LargestInline;
        var like = EntryBlock.Header(entry) | (hasRoot ? EntryBlock.HasRoot : 0);
        var expiresAt = EntryBlock.Expiry(entry);
        var made = EntryBlock.Make(heap, selector, EntryBlock.Key(entry), like, expiresAt, hasRoot ? 0 : length);
        if (hasRoot)
        {
            *EntryBlock.Root(made) =
                StringOperations.MakeRoot(new ValueMemory(heap, selector), length, Capacity(length));
        }

        old[..Math.Min(old.Length, length)].CopyTo(Bytes(made));
        return made;
    }

    private static void ResizeBlock(in ValueMemory memory, ref ValueRoot root, int length)
    {
        var tooLarge = length < root.Capacity / 4 && root.Capacity > StringOperations.LargestInline;
        if (root.Capacity < length || tooLarge)
        {
            var wanted = StringOperations.Usable(tooLarge ? Math.Max(1, length) : Capacity(length));
            root.Address = memory.Reallocate(root.Address, root.Capacity, wanted);
            root.Capacity = wanted;
        }

        root.Length = length;
    }

    /// <summary>Room for a string that grows: twice its length, from a mebibyte on an eighth more.</summary>
    private static int Capacity(int length) =>
        (int)Math.Min(Array.MaxLength, length < MebiByte ? length * 2L : length + (long)Math.Max(MebiByte, length / 8));

    private static bool FitsInline(byte* entry, int length)
    {
        var size = EntryBlock.Size(entry);
        var wanted = size - Bytes(entry).Length + length;
        return NativeHeap.UsableBytes(wanted) == NativeHeap.UsableBytes(size);
    }
}
