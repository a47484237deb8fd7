using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Values;

/// <summary>
/// Combines strings bit by bit, a piece at a time that stays in the processor's nearest cache. A string that has ended
/// goes on with zeros.
/// </summary>
public static class BitCombiner
{
    private const int PieceBytes = 4096;

    private interface IBitwise
    {
        static abstract Vector<byte> Apply(Vector<byte> left, Vector<byte> right);

        static abstract byte Apply(byte left, byte right);
    }

    /// <summary>Writes the combination of strings.</summary>
    /// <param name="operation">What to make of them.</param>
    /// <param name="sources">The strings, at least one; the default entry stands for an empty one.</param>
    /// <param name="result">As long as the longest of them; it may be one of them.</param>
    [SkipLocalsInit]
    public static void Combine(BitwiseOperation operation, ReadOnlySpan<Entry> sources, Span<byte> result)
    {
        if (sources.Length == 2 && operation is BitwiseOperation.And or BitwiseOperation.Or or BitwiseOperation.Xor)
        {
            CombineTwo(operation, Piece(sources[0], 0, result.Length), Piece(sources[1], 0, result.Length), result);
            return;
        }

        var size = Math.Min(PieceBytes, result.Length);
        Span<byte> piece = stackalloc byte[size];
        Span<byte> seen = stackalloc byte[operation == BitwiseOperation.One ? size : 0];
        for (var at = 0; at < result.Length; at += PieceBytes)
        {
            var length = Math.Min(PieceBytes, result.Length - at);
            Combine(operation, sources, at, piece[..length], seen);

            // Behind the reading of every source, since the result may be one.
            piece[..length].CopyTo(result[at..]);
        }
    }

    private static void CombineTwo(BitwiseOperation operation, ReadOnlySpan<byte> one, ReadOnlySpan<byte> other, Span<byte> result)
    {
        var longer = one.Length < other.Length ? other : one;
        var shorter = one.Length < other.Length ? one : other;
        var common = result[..shorter.Length];
        switch (operation)
        {
            case BitwiseOperation.And:
                Combine<And>(longer[..shorter.Length], shorter, common);
                result[shorter.Length..].Clear();
                return;
            case BitwiseOperation.Or:
                Combine<Or>(longer[..shorter.Length], shorter, common);
                break;
            default:
                Combine<Xor>(longer[..shorter.Length], shorter, common);
                break;
        }

        longer[shorter.Length..].CopyTo(result[shorter.Length..]);
    }

    /// <summary>Combines strings of one length; the result may be one of them, place by place.</summary>
    private static void Combine<TBitwise>(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other, Span<byte> result)
        where TBitwise : IBitwise
    {
        var target = MemoryMarshal.Cast<byte, Vector<byte>>(result);
        var left = MemoryMarshal.Cast<byte, Vector<byte>>(one);
        var right = MemoryMarshal.Cast<byte, Vector<byte>>(other);
        for (var i = 0; i < target.Length; i++) target[i] = TBitwise.Apply(left[i], right[i]);
        for (var i = target.Length * Vector<byte>.Count; i < result.Length; i++) result[i] = TBitwise.Apply(one[i], other[i]);
    }

    private static void Combine(
        BitwiseOperation operation, ReadOnlySpan<Entry> sources, int at, Span<byte> piece, Span<byte> seen)
    {
        var first = Piece(sources[0], at, piece.Length);
        switch (operation)
        {
            case BitwiseOperation.Diff or BitwiseOperation.Diff1 or BitwiseOperation.AndOr:
                piece.Clear();
                foreach (ref readonly var source in sources[1..]) Fold<Or>(piece, Piece(source, at, piece.Length));
                if (operation == BitwiseOperation.AndOr) FoldAll<And>(piece, first);
                else if (operation == BitwiseOperation.Diff) FoldAll<RightOnly>(piece, first);
                else Fold<LeftOnly>(piece, first);
                break;
            case BitwiseOperation.One:
                CombineOne(sources, at, piece, seen);
                break;
            default:
                first.CopyTo(piece);
                piece[first.Length..].Clear();
                if (operation == BitwiseOperation.Not) Invert(piece);
                foreach (ref readonly var source in sources[1..])
                {
                    var other = Piece(source, at, piece.Length);
                    if (operation == BitwiseOperation.And) FoldAll<And>(piece, other);
                    else if (operation == BitwiseOperation.Or) Fold<Or>(piece, other);
                    else Fold<Xor>(piece, other);
                }

                break;
        }
    }

    /// <summary>The bits that were seen once are those that were seen at all, but for the ones seen again.</summary>
    private static void CombineOne(ReadOnlySpan<Entry> sources, int at, Span<byte> piece, Span<byte> seen)
    {
        seen = seen[..piece.Length];
        piece.Clear();
        seen.Clear();
        foreach (ref readonly var source in sources)
        {
            var other = Piece(source, at, piece.Length);
            var once = MemoryMarshal.Cast<byte, Vector<byte>>(piece);
            var any = MemoryMarshal.Cast<byte, Vector<byte>>(seen);
            var words = MemoryMarshal.Cast<byte, Vector<byte>>(other);
            for (var i = 0; i < words.Length; i++)
            {
                once[i] = Vector.AndNot(once[i], words[i]) | Vector.AndNot(words[i], any[i]);
                any[i] |= words[i];
            }

            for (var i = words.Length * Vector<byte>.Count; i < other.Length; i++)
            {
                piece[i] = (byte)((piece[i] & ~other[i]) | (other[i] & ~seen[i]));
                seen[i] |= other[i];
            }
        }
    }

    /// <summary>What a string has of a piece, shorter where the string ends.</summary>
    private static ReadOnlySpan<byte> Piece(in Entry source, int at, int length)
    {
        if (!source.IsPresent) return default;
        var bytes = source.String;
        return at >= bytes.Length ? default : bytes.Slice(at, Math.Min(length, bytes.Length - at));
    }

    private static void Invert(Span<byte> piece)
    {
        var words = MemoryMarshal.Cast<byte, Vector<byte>>(piece);
        foreach (ref var word in words) word = ~word;
        foreach (ref var rest in piece[(words.Length * Vector<byte>.Count)..]) rest = (byte)~rest;
    }

    /// <summary>Applies an operation with which zeros behind the other's end change nothing.</summary>
    private static void Fold<TBitwise>(Span<byte> piece, ReadOnlySpan<byte> other)
        where TBitwise : IBitwise
    {
        var target = MemoryMarshal.Cast<byte, Vector<byte>>(piece[..other.Length]);
        var words = MemoryMarshal.Cast<byte, Vector<byte>>(other);
        for (var i = 0; i < target.Length; i++) target[i] = TBitwise.Apply(target[i], words[i]);
        for (var i = words.Length * Vector<byte>.Count; i < other.Length; i++) piece[i] = TBitwise.Apply(piece[i], other[i]);
    }

    /// <summary>Applies an operation with which zeros behind the other's end make zeros.</summary>
    private static void FoldAll<TBitwise>(Span<byte> piece, ReadOnlySpan<byte> other)
        where TBitwise : IBitwise
    {
        Fold<TBitwise>(piece, other);
        piece[other.Length..].Clear();
    }

    private readonly struct And : IBitwise
    {
        public static Vector<byte> Apply(Vector<byte> left, Vector<byte> right) => left & right;

        public static byte Apply(byte left, byte right) => (byte)(left & right);
    }

    private readonly struct Or : IBitwise
    {
        public static Vector<byte> Apply(Vector<byte> left, Vector<byte> right) => left | right;

        public static byte Apply(byte left, byte right) => (byte)(left | right);
    }

    private readonly struct Xor : IBitwise
    {
        public static Vector<byte> Apply(Vector<byte> left, Vector<byte> right) => left ^ right;

        public static byte Apply(byte left, byte right) => (byte)(left ^ right);
    }

    private readonly struct LeftOnly : IBitwise
    {
        public static Vector<byte> Apply(Vector<byte> left, Vector<byte> right) => Vector.AndNot(left, right);

        public static byte Apply(byte left, byte right) => (byte)(left & ~right);
    }

    private readonly struct RightOnly : IBitwise
    {
        public static Vector<byte> Apply(Vector<byte> left, Vector<byte> right) => Vector.AndNot(right, left);

        public static byte Apply(byte left, byte right) => (byte)(right & ~left);
    }
}
