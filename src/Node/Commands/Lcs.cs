using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>LCS: the longest common subsequence of two strings.</summary>
public static class Lcs
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("lcs", -3, CommandFlags.ReadOnly, KeySpec.Range(1, 2), Execute)
        {
            KeyFlags = "RO access", AclCategories = ["string"], Group = "string", Since = "7.0.0",
            Summary = "Finds the longest common subsequence of two strings, its length, or where it matches.",
        },
    ];

    private struct Options
    {
        public bool Length;
        public bool Indexes;
        public bool WithMatchLength;
        public long MinMatchLength;
    }

    private static void Execute(CommandContext call)
    {
        var hasFirst = call.TryRead(call.Key(1), out var first);
        var hasSecond = call.TryRead(call.Key(2), out var second);
        if ((hasFirst && !first.Holds<StringValue>()) || (hasSecond && !second.Holds<StringValue>()))
        {
            call.Reply.Error("ERR The specified keys must contain string values"u8);
            return;
        }

        if (!TryParse(call, out var options)) return;
        var a = hasFirst ? first.String : default;
        var b = hasSecond ? second.String : default;
        if ((a.Length + 1L) * (b.Length + 1L) * sizeof(uint) > call.Node.Config.LongestString)
        {
            call.Reply.Error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"u8);
            return;
        }

        if ((a.Length + 1L) * (b.Length + 1L) > Array.MaxLength)
        {
            call.Reply.Error("ERR Insufficient memory, failed allocating transient memory for LCS"u8);
            return;
        }

        var lengths = Lengths(a, b);
        if (options.Indexes) ReplyWithRanges(call.Reply, a, b, lengths, options);
        else if (options.Length) call.Reply.Integer(lengths[^1]);
        else call.Reply.Bulk(Subsequence(a, b, lengths));
    }

    private static bool TryParse(CommandContext call, out Options options)
    {
        options = default;
        for (var i = 3; i < call.Count; i++)
        {
            if (call.Is(i, "idx"u8)) options.Indexes = true;
            else if (call.Is(i, "len"u8)) options.Length = true;
            else if (call.Is(i, "withmatchlen"u8)) options.WithMatchLength = true;
            else if (call.Is(i, "minmatchlen"u8) && i + 1 < call.Count)
            {
                if (!call.TryInteger(++i, out options.MinMatchLength)) return false;
            }
            else
            {
                call.SyntaxError();
                return false;
            }
        }

        if (!options.Length || !options.Indexes) return true;
        call.Reply.Error("ERR If you want both the length and indexes, please just use IDX."u8);
        return false;
    }

    /// <summary>
    /// Element (i, j), in rows of b.Length + 1, is the length of the LCS of the first i bytes of a and the first j of
    /// b.
    /// </summary>
    private static uint[] Lengths(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        var width = b.Length + 1;
        var lengths = new uint[(a.Length + 1) * width];
        for (var i = 1; i <= a.Length; i++)
        {
            var above = lengths.AsSpan((i - 1) * width, width);
            var row = lengths.AsSpan(i * width, width);
            for (var j = 1; j <= b.Length; j++)
                row[j] = a[i - 1] == b[j - 1] ? above[j - 1] + 1 : Math.Max(above[j], row[j - 1]);
        }

        return lengths;
    }

    private static byte[] Subsequence(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, uint[] lengths)
    {
        var width = b.Length + 1;
        var result = new byte[lengths[^1]];
        int i = a.Length, j = b.Length, at = result.Length;
        while (at > 0)
        {
            if (a[i - 1] == b[j - 1])
            {
                result[--at] = a[--i];
                j--;
            }
            else if (lengths[((i - 1) * width) + j] > lengths[(i * width) + j - 1])
            {
                i--;
            }
            else
            {
                j--;
            }
        }

        return result;
    }

    /// <summary>
    /// A map of "matches", each a run that is contiguous in both strings, from the last to the first, and "len".
    /// </summary>
    private static void ReplyWithRanges(
        RespWriter reply, ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, uint[] lengths, Options options)
    {
        var width = b.Length + 1;
        reply.Map(2);
        reply.Bulk("matches"u8);
        var mark = reply.BeginArray();
        var count = 0;
        int i = a.Length, j = b.Length, runLength = 0;
        while (i > 0 && j > 0)
        {
            if (a[i - 1] == b[j - 1])
            {
                i--;
                j--;
                runLength++;
                if (i > 0 && j > 0) continue;
                count += ReplyWithRange(reply, i, j, runLength, options);
            }
            else
            {
                if (runLength > 0) count += ReplyWithRange(reply, i, j, runLength, options);
                runLength = 0;
                if (lengths[((i - 1) * width) + j] > lengths[(i * width) + j - 1]) i--;
                else j--;
            }
        }

        reply.EndArray(mark, count);
        reply.Bulk("len"u8);
        reply.Integer(lengths[^1]);
    }

    private static int ReplyWithRange(RespWriter reply, int firstStart, int secondStart, int length, Options options)
    {
        if (length < options.MinMatchLength) return 0;
        reply.Array(options.WithMatchLength ? 3 : 2);
        reply.Array(2);
        reply.Integer(firstStart);
        reply.Integer(firstStart + length - 1);
        reply.Array(2);
        reply.Integer(secondStart);
        reply.Integer(secondStart + length - 1);
        if (options.WithMatchLength) reply.Integer(length);
        return 1;
    }
}
