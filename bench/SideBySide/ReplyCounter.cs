using System.Buffers.Text;
using System.Text;

namespace Starling.Bench.SideBySide;

/// <summary>Counts the replies in a stream of RESP2 bytes without keeping them.</summary>
internal sealed class ReplyCounter
{
    private readonly byte[] _line = new byte[512];
    private int _lineLength;
    private long _skip;
    private long _open = 1;

    /// <summary>The first error reply of a stream, at the top or within an array.</summary>
    public string? Error { get; private set; }

    /// <summary>Reads what came; returns how many replies it completed.</summary>
    public int Feed(ReadOnlySpan<byte> bytes)
    {
        var complete = 0;
        while (true)
        {
            if (_skip > 0)
            {
                var skipped = (int)Math.Min(_skip, bytes.Length);
                bytes = bytes[skipped..];
                _skip -= skipped;
                if (_skip > 0) return complete;
                complete += End();
            }

            if (bytes.Length == 0) return complete;
            var newline = bytes.IndexOf((byte)'\n');
            if (newline < 0 || _lineLength > 0)
            {
                Keep(newline < 0 ? bytes : bytes[..newline]);
                if (newline < 0) return complete;
                complete += Line(_line.AsSpan(0, _lineLength));
                _lineLength = 0;
            }
            else
            {
                complete += Line(bytes[..newline]);
            }

            bytes = bytes[(newline + 1)..];
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        var kept = Math.Min(bytes.Length, _line.Length - _lineLength); // the text of a very long error is cut
        bytes[..kept].CopyTo(_line.AsSpan(_lineLength));
        _lineLength += kept;
    }

    private int Line(ReadOnlySpan<byte> line)
    {
        switch (line[0])
        {
            case (byte)'-':
                Error ??= Encoding.Latin1.GetString(line[1..]).TrimEnd('\r');
                return End();
            case (byte)'+' or (byte)':':
                return End();
            case (byte)'$':
                var length = Number(line);
                if (length < 0) return End();
                _skip = length + 2;
                return 0;
            case (byte)'*':
                _open += Math.Max(0, Number(line));
                return End();
            default:
                throw new InvalidDataException($"not a RESP2 reply: {Encoding.Latin1.GetString(line)}");
        }
    }

    private int End()
    {
        if (--_open > 0) return 0;
        _open = 1;
        return 1;
    }

    private static long Number(ReadOnlySpan<byte> line) =>
        Utf8Parser.TryParse(line[1..], out long number, out _)
            ? number
            : throw new InvalidDataException($"not a RESP2 length: {Encoding.Latin1.GetString(line)}");
}
