using System.Buffers.Binary;

namespace Starling.Slots.Values.SortedSets;

/// <summary>Makes a sorted set of what was read from somewhere: elements in any order, whatever they are.</summary>
internal unsafe ref struct SortedSetBuilder
{
    private const byte NaN = 253;
    private const byte Infinity = 254;
    private const byte NegativeInfinity = 255;

    private readonly ValueMemory _memory;
    private readonly ValueOptions _options;
    private byte[] _member = [];
    private ValueRoot _root;

    public SortedSetBuilder(scoped in ValueMemory memory, ValueOptions options)
    {
        _memory = memory;
        _options = options;
    }

    /// <summary>Nothing was added.</summary>
    public readonly bool IsEmpty => _root.Address == null;

    /// <summary>The set.</summary>
    public readonly ValueRoot Root => _root;

    /// <summary>Reads their number, then members, each with its score.</summary>
    /// <param name="reader">The content.</param>
    /// <param name="isBinary">The scores are 8 bytes, not texts.</param>
    public ContentOutcome ReadElements(IContentReader reader, bool isBinary)
    {
        if (!reader.TryNumber(out var count)) return ContentOutcome.EndedEarly;
        for (; count > 0; count--)
        {
            if (!reader.TryText(out var text)) return ContentOutcome.EndedEarly;
            var length = text.Length; // the text is dead when the score is read
            if (_member.Length < length) _member = GC.AllocateUninitializedArray<byte>(length);
            text.CopyTo(_member);
            var outcome = TryScore(reader, isBinary, out var score);
            if (outcome != ContentOutcome.Read) return outcome;
            if (!TryAdd(_member.AsSpan(0, length), score)) return ContentOutcome.Invalid;
        }

        return ContentOutcome.Read;
    }

    /// <summary>Reads a listpack of members and scores in their order; false when the bytes are none.</summary>
    public bool TryReadListpack(ReadOnlySpan<byte> bytes)
    {
        if (!Listpack.IsSound(bytes, out var entries) || !SortedSetListpack.IsSound(bytes, entries)) return false;
        if (entries == 0) return true;
        _root = SortedSetListpack.Read(_memory, bytes, entries);
        if (new SortedSetLimits(_options).Allow(SortedSetPack.Count(_root), 0, bytes.Length)) return true;
        new SortedSetEditor(_memory, _options, ref _root).Enlarge();
        return true;
    }

    /// <summary>Reads a ziplist of members and scores; false when the bytes are none.</summary>
    public bool TryReadZiplist(ReadOnlySpan<byte> bytes)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var ziplist = new Ziplist(bytes);
        while (ziplist.TryRead(out var member))
        {
            if (!ziplist.TryRead(out var text) || !ScoreText.TryRead(text, out var score)) return false;
            if (!TryAdd(member.Text(scratch), score)) return false;
        }

        return !ziplist.IsBroken;
    }

    /// <summary>Frees what was made.</summary>
    public void Discard()
    {
        if (!IsEmpty) SortedSetRoot.Free(_memory, ref _root);
        _root = default;
    }

    /// <summary>
    /// Reads a score, or passes over it: 8 bytes; or a byte for the length of a text or for what has none, and the text.
    /// NaN is invalid.
    /// </summary>
    public static ContentOutcome TryScore(IContentReader reader, bool isBinary, out double score)
    {
        score = 0;
        Span<byte> bytes = stackalloc byte[NaN];
        if (isBinary)
        {
            bytes = bytes[..SortedSetContent.ScoreBytes];
            if (!reader.TryRaw(bytes)) return ContentOutcome.EndedEarly;
            score = BinaryPrimitives.ReadDoubleLittleEndian(bytes);
            return double.IsNaN(score) ? ContentOutcome.Invalid : ContentOutcome.Read;
        }

        if (!reader.TryRaw(bytes[..1])) return ContentOutcome.EndedEarly;
        switch (bytes[0])
        {
            case NaN:
                return ContentOutcome.Invalid;
            case Infinity:
                score = double.PositiveInfinity;
                return ContentOutcome.Read;
            case NegativeInfinity:
                score = double.NegativeInfinity;
                return ContentOutcome.Read;
            default:
                bytes = bytes[..bytes[0]];
                if (!reader.TryRaw(bytes)) return ContentOutcome.EndedEarly;
                return ScoreText.TryParse(bytes, out score) ? ContentOutcome.Read : ContentOutcome.Invalid;
        }
    }

    private bool TryAdd(scoped ReadOnlySpan<byte> member, double score)
    {
        if (IsEmpty)
        {
            _root = SortedSetEditor.Make(_memory, _options, member, score);
            return true;
        }

        if (SortedSetRoot.Find(_root, member).IsFound) return false;
        new SortedSetEditor(_memory, _options, ref _root).Add(member, score);
        return true;
    }
}
