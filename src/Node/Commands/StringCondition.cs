using System.Buffers.Text;
using System.IO.Hashing;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Commands;

/// <summary>A condition on the string that a key holds: that it is, or is not, a value, or one of a digest.</summary>
internal readonly struct StringCondition
{
    /// <summary>Hexadecimal digits of a digest.</summary>
    public const int DigestLength = 16;

    private readonly int _valueAt;
    private readonly bool _isDigest;

    private StringCondition(int valueAt, bool isDigest, bool isEqual)
    {
        (_valueAt, _isDigest, IsEqual) = (valueAt, isDigest, isEqual);
    }

    /// <summary>False for the default: there is no condition.</summary>
    public bool IsGiven => _valueAt != 0;

    /// <summary>The string must be the one; otherwise it must be another, or none.</summary>
    public bool IsEqual { get; }

    /// <summary>True when the two have the same word; given twice, the last one counts.</summary>
    public bool IsOfKind(in StringCondition other) => _isDigest == other._isDigest && IsEqual == other.IsEqual;

    /// <summary>Reads a condition at an argument: its word, with the value behind it; false when there is none.</summary>
    public static bool TryParse(CommandContext call, int index, out StringCondition condition)
    {
        condition = default;
        if (index + 1 >= call.Count) return false;
        if (call.Is(index, "ifeq"u8)) condition = new StringCondition(index + 1, isDigest: false, isEqual: true);
        else if (call.Is(index, "ifne"u8)) condition = new StringCondition(index + 1, isDigest: false, isEqual: false);
        else if (call.Is(index, "ifdeq"u8)) condition = new StringCondition(index + 1, isDigest: true, isEqual: true);
        else if (call.Is(index, "ifdne"u8)) condition = new StringCondition(index + 1, isDigest: true, isEqual: false);
        return condition.IsGiven;
    }

    /// <summary>The digest of a string in lower-case hexadecimal digits: XXH3 of 64 bits.</summary>
    public static void Digest(ReadOnlySpan<byte> bytes, Span<byte> digits) =>
        Utf8Formatter.TryFormat(XxHash3.HashToUInt64(bytes), digits, out _, new System.Buffers.StandardFormat('x', DigestLength));

    /// <summary>
    /// Replies with the error when a digest has not the length of one; digits that are none make it one that no string has.
    /// Redis asks this only when there is a string to compare with.
    /// </summary>
    public bool IsSound(CommandContext call)
    {
        if (!_isDigest || call[_valueAt].Length == DigestLength) return true;
        call.Reply.Error("ERR must be exactly 16 hexadecimal characters"u8);
        return false;
    }

    /// <summary>True when a key that holds a string fulfils the condition.</summary>
    public bool Holds(CommandContext call, in Entry entry)
    {
        if (!_isDigest) return entry.String.SequenceEqual(call[_valueAt]) == IsEqual;
        Span<byte> digest = stackalloc byte[DigestLength];
        Digest(entry.String, digest);
        return ArgumentParser.Is(call[_valueAt], digest) == IsEqual;
    }
}
