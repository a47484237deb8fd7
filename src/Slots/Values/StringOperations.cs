using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>
/// Strings: short ones lie in the entry; of longer ones the root has the address of a block, the length and the block's
/// capacity.
/// </summary>
internal sealed unsafe class StringOperations : ValueOperations
{
    /// <summary>A longer string gets a root, so that growing it, giving it an expiry or another name copies nothing.
    /// </summary>
    public const int LargestInline = 512;

    private const int LongestEmbedded = 44;
    private const long SharedIntegers = 10000;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.String;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Name => "string"u8;

    /// <inheritdoc/>
    public override ReadOnlySpan<ContentForm> Forms => [ContentForm.String];

    /// <inheritdoc/>
    public override ContentForm WrittenForm(scoped in ValueView value) => ContentForm.String;

    /// <summary>The bytes of a string.</summary>
    public static ReadOnlySpan<byte> Bytes(scoped in ValueView value) =>
        value.Root == null ? value.Inline : new ReadOnlySpan<byte>(value.Root->Address, value.Root->Length);

    /// <summary>Makes the root of a string that is too long to lie in its entry.</summary>
    /// <param name="memory">Where the block comes from.</param>
    /// <param name="length">The length in bytes; the bytes are undefined.</param>
    /// <param name="capacity">At least the length: room to grow.</param>
    public static ValueRoot MakeRoot(in ValueMemory memory, int length, int capacity)
    {
        var usable = Usable(capacity);
        return new ValueRoot { Address = memory.Allocate(usable), Length = length, Capacity = usable };
    }

    /// <summary>A capacity with all that the allocator gives for it.</summary>
    public static int Usable(int capacity) => (int)Math.Min(Array.MaxLength, NativeHeap.UsableBytes(capacity));

    /// <inheritdoc/>
    public override void Free(in ValueMemory memory, ref ValueRoot root) => memory.Free(root.Address, root.Capacity);

    /// <summary>
    /// A string is one block, which clients read as one piece; the system takes it back in one call. The room behind it
    /// counts as well.
    /// </summary>
    public override long Pages(in ValueRoot root) =>
        root.Length <= FrozenString.PageBytes ? 1 : 1 + ((root.Capacity - 1) / FrozenString.PageBytes);

    /// <inheritdoc/>
    public override FrozenValue Freeze(TableSet tables, int slot, in ValueRoot root) =>
        new FrozenString(tables, slot, this, root);

    /// <inheritdoc/>
    public override void Relocate(ref BlockMover mover, ref ValueRoot root) =>
        mover.TryMove(ref root.Address, root.Capacity);

    /// <inheritdoc/>
    public override ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root)
    {
        var copy = MakeRoot(memory, root.Length, Math.Max(1, root.Length));
        Buffer.MemoryCopy(root.Address, copy.Address, copy.Capacity, root.Length);
        return copy;
    }

    /// <inheritdoc/>
    public override long AllocatedBytes(in ValueRoot root) => NativeHeap.CountedBytes(root.Capacity);

    /// <summary>What Redis calls the encoding of a string that was made like this one.</summary>
    public override ReadOnlySpan<byte> EncodingName(scoped in ValueView value)
    {
        if (value.Flag) return "raw"u8;
        var bytes = Bytes(value);
        if (DecimalInteger.TryParse(bytes, out _)) return "int"u8;
        return bytes.Length <= LongestEmbedded ? "embstr"u8 : "raw"u8;
    }

    /// <summary>
    /// Redis shares the objects of small integers among all keys and reports their count as the largest int.
    /// </summary>
    public override int ReferenceCount(scoped in ValueView value)
    {
        if (value.Flag || !DecimalInteger.TryParse(Bytes(value), out var number)) return 1;
        return number is >= 0 and < SharedIntegers ? int.MaxValue : 1;
    }

    /// <inheritdoc/>
    public override void Digest(scoped in ValueView value, IContentDigest digest) => digest.Mix(Bytes(value));

    /// <inheritdoc/>
    public override void Write(scoped in ValueView value, IContentWriter writer) => writer.Text(Bytes(value));

    /// <inheritdoc/>
    public override ContentOutcome Read(
        scoped in ValueMemory memory,
        ContentForm form,
        IContentReader reader,
        ValueOptions options,
        out LoadedValue value)
    {
        value = default;
        if (!reader.TryText(out var text)) return ContentOutcome.EndedEarly;
        if (text.Length <= LargestInline)
        {
            value = new LoadedValue(Kind, text);
            return ContentOutcome.Read;
        }

        var root = MakeRoot(memory, text.Length, text.Length);
        text.CopyTo(new Span<byte>(root.Address, text.Length));
        value = new LoadedValue(Kind, root);
        return ContentOutcome.Read;
    }

    /// <inheritdoc/>
    public override bool TrySkip(ContentForm form, IContentReader reader) => reader.TryText(out _);
}
