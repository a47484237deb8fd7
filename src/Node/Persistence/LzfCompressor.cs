namespace Starling.Node.Persistence;

/// <summary>
/// Compresses into the LZF format of RDB files (liblzf). A stream is a sequence of two kinds of items. A literal run: a
/// byte below 32, one less
/// than the number of bytes that follow. A back reference: 3 bits of length, 5 high bits of distance; when the length
/// bits are all
/// set, one more byte to add to them; 8 low bits of distance. It copies length + 2 bytes from distance + 1 before the
/// end of the output.
/// One instance serves one thread at a time.
/// </summary>
internal sealed class LzfCompressor
{
    private const int HashBits = 13;
    private const int MaximumLiteral = 32;
    private const int MaximumDistance = 1 << 13;
    private const int MaximumMatch = 264;

    // Where three bytes were seen last, counted on over all inputs since the last clearing, so that entries of earlier
    // inputs are recognised
    // by being below _base and nothing needs clearing between inputs.
    private readonly int[] _seen = new int[1 << HashBits];
    private int _base = 1;

    /// <summary>Compresses; 0 when the result would not fit into <paramref name="output"/>.</summary>
    /// <returns>The length of the result.</returns>
    public int Compress(ReadOnlySpan<byte> input, Span<byte> output)
    {
        if (input.Length < 4) return 0;
        StartInput(input.Length);
        var length = CompressInput(input, output);
        _base += input.Length;
        return length;
    }

    private int CompressInput(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var at = 0;
        var literalFrom = 0;
        var written = 0;
        while (at + 3 <= input.Length)
        {
            var candidate = Exchange(Hash(input, at), at);
            if (candidate < 0 || at - candidate > MaximumDistance || !SameThree(input, candidate, at))
            {
                at++;
                continue;
            }

            var length = MatchLength(input, candidate, at);
            if (!WriteLiterals(input[literalFrom..at], output, ref written)) return 0;
            if (!WriteReference(at - candidate - 1, length - 2, output, ref written)) return 0;
            Remember(input, at + 1, at + length);
            at += length;
            literalFrom = at;
        }

        return WriteLiterals(input[literalFrom..], output, ref written) ? written : 0;
    }

    private static int Hash(ReadOnlySpan<byte> input, int at)
    {
        var three = (uint)(input[at] | (input[at + 1] << 8) | (input[at + 2] << 16));
        return (int)((three * 0x9E3779B1u) >> (32 - HashBits));
    }

    private static bool SameThree(ReadOnlySpan<byte> input, int first, int second) =>
        input[first] == input[second] && input[first + 1] == input[second + 1] && input[first + 2] == input[second + 2];

    private static int MatchLength(ReadOnlySpan<byte> input, int candidate, int at)
    {
        var most = Math.Min(MaximumMatch, input.Length - at);
        return input.Slice(at, most).CommonPrefixLength(input.Slice(candidate, most));
    }

    private static bool WriteLiterals(ReadOnlySpan<byte> literals, Span<byte> output, ref int written)
    {
        while (!literals.IsEmpty)
        {
            var run = Math.Min(literals.Length, MaximumLiteral);
            if (output.Length - written < run + 1) return false;
            output[written++] = (byte)(run - 1);
            literals[..run].CopyTo(output[written..]);
            written += run;
            literals = literals[run..];
        }

        return true;
    }

    private static bool WriteReference(int distance, int length, Span<byte> output, ref int written)
    {
        if (output.Length - written < 3) return false;
        if (length < 7)
        {
            output[written++] = (byte)((length << 5) | (distance >> 8));
        }
        else
        {
            output[written++] = (byte)((7 << 5) | (distance >> 8));
            output[written++] = (byte)(length - 7);
        }

        output[written++] = (byte)distance;
        return true;
    }

    private void StartInput(int length)
    {
        if (_base < int.MaxValue - length) return;
        Array.Clear(_seen);
        _base = 1;
    }

    /// <summary>
    /// Answers where the hash was seen last in this input, or a negative number, and notes that it is seen here.
    /// </summary>
    private int Exchange(int hash, int at)
    {
        var last = _seen[hash] - _base;
        _seen[hash] = _base + at;
        return last;
    }

    private void Remember(ReadOnlySpan<byte> input, int from, int to)
    {
        to = Math.Min(to, input.Length - 2);
        for (var at = from; at < to; at++) _seen[Hash(input, at)] = _base + at;
    }
}
