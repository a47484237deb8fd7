namespace Starling.Node.Persistence;

/// <summary>Decompresses the LZF format of RDB files; <see cref="LzfCompressor"/> describes it.</summary>
internal static class Lzf
{
    /// <summary>The most bytes that one byte of compressed data can stand for: three bytes make at most 264.</summary>
    public const int MaximumRatio = 88;

    /// <summary>
    /// Decompresses data whose length is known. False, and an undefined output, when the data is not valid or has
    /// another length.
    /// </summary>
    public static bool TryDecompress(ReadOnlySpan<byte> input, Span<byte> output)
    {
        var at = 0;
        var written = 0;
        while (at < input.Length)
        {
            int control = input[at++];
            if (control < 32)
            {
                var run = control + 1;
                if (input.Length - at < run || output.Length - written < run) return false;
                input.Slice(at, run).CopyTo(output[written..]);
                at += run;
                written += run;
                continue;
            }

            var length = control >> 5;
            if (length == 7)
            {
                if (at == input.Length) return false;
                length += input[at++];
            }

            if (at == input.Length) return false;
            length += 2;
            var distance = ((control & 31) << 8) + input[at++] + 1;
            if (distance > written || output.Length - written < length) return false;
            Copy(output, written - distance, written, length);
            written += length;
        }

        return written == output.Length;
    }

    private static void Copy(Span<byte> output, int from, int to, int length)
    {
        if (from + length <= to)
        {
            output.Slice(from, length).CopyTo(output[to..]);
            return;
        }

        // The source runs into what is being written: the pattern repeats, so one byte after the other.
        for (var i = 0; i < length; i++) output[to + i] = output[from + i];
    }
}
