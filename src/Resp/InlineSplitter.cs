namespace Starling.Resp;

/// <summary>
/// Splits a line into arguments the way Redis splits inline commands and configuration lines: white space separates;
/// double quotes with the escapes \n \r \t \b \a \xHH; single quotes with \' only; a closing quote must be followed by
/// white space or the end.
/// </summary>
internal sealed class InlineSplitter
{
    /// <summary>Splits; false when quotes do not balance.</summary>
    /// <param name="line">The line without its end. A zero byte ends it too, as in Redis.</param>
    /// <param name="arguments">Gets the arguments, in a buffer of their own.</param>
    public bool TrySplit(ReadOnlySpan<byte> line, ArgumentList arguments)
    {
        var zero = line.IndexOf((byte)0);
        if (zero >= 0) line = line[..zero];
        var buffer = line.Length == 0 ? [] : new byte[line.Length];
        arguments.Reset(buffer);
        var used = 0;
        var at = 0;
        while (true)
        {
            while (at < line.Length && IsSpace(line[at])) at++;
            if (at == line.Length) return true;
            var from = used;
            if (!TryReadOne(line, ref at, buffer, ref used)) return false;
            arguments.Add(from, used - from);
        }
    }

    private static bool TryReadOne(ReadOnlySpan<byte> line, ref int at, byte[] buffer, ref int used)
    {
        while (at < line.Length && !IsSpace(line[at]))
        {
            switch (line[at])
            {
                case (byte)'"':
                    at++;
                    if (!TryReadDoubleQuoted(line, ref at, buffer, ref used)) return false;
                    return at == line.Length || IsSpace(line[at]);
                case (byte)'\'':
                    at++;
                    if (!TryReadSingleQuoted(line, ref at, buffer, ref used)) return false;
                    return at == line.Length || IsSpace(line[at]);
                default:
                    buffer[used++] = line[at++];
                    break;
            }
        }

        return true;
    }

    private static bool TryReadDoubleQuoted(ReadOnlySpan<byte> line, ref int at, byte[] buffer, ref int used)
    {
        while (at < line.Length)
        {
            var c = line[at++];
            if (c == (byte)'"') return true;
            if (c == (byte)'\\' && at < line.Length)
            {
                if (line[at] == (byte)'x' && at + 2 < line.Length
                    && char.IsAsciiHexDigit((char)line[at + 1]) && char.IsAsciiHexDigit((char)line[at + 2]))
                {
                    c = (byte)((HexValue(line[at + 1]) << 4) | HexValue(line[at + 2]));
                    at += 3;
                }
                else
                {
                    c = Unescape(line[at++]);
                }
            }

            buffer[used++] = c;
        }

        return false;
    }

    private static bool TryReadSingleQuoted(ReadOnlySpan<byte> line, ref int at, byte[] buffer, ref int used)
    {
        while (at < line.Length)
        {
            var c = line[at++];
            if (c == (byte)'\'') return true;
            if (c == (byte)'\\' && at < line.Length && line[at] == (byte)'\'') c = line[at++];
            buffer[used++] = c;
        }

        return false;
    }

    private static byte Unescape(byte c) => (char)c switch
    {
        'n' => (byte)'\n',
        'r' => (byte)'\r',
        't' => (byte)'\t',
        'b' => (byte)'\b',
        'a' => 7,
        _ => c,
    };

    private static int HexValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static bool IsSpace(byte c) => c is (byte)' ' or (>= 9 and <= 13);
}
