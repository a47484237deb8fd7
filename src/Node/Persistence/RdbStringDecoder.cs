using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;

namespace Starling.Node.Persistence;

/// <summary>
/// Reads strings in every encoding that RDB files have. A length that the data only claims makes it allocate nothing:
/// memory grows with the bytes
/// that really come.
/// </summary>
internal sealed class RdbStringDecoder
{
    private const int GrowthStep = 1 << 20;

    private readonly RdbInput _input;
    private byte[] _key = new byte[256];
    private byte[] _value = new byte[256];
    private byte[] _compressed = [];
    private int _keyLength;
    private int _valueLength;

    public RdbStringDecoder(RdbInput input) => _input = input;

    /// <summary>The string that <see cref="TryReadKey"/> read.</summary>
    public ReadOnlySpan<byte> Key => _key.AsSpan(0, _keyLength);

    /// <summary>The string that <see cref="TryReadValue"/> read.</summary>
    public ReadOnlySpan<byte> Value => _value.AsSpan(0, _valueLength);

    /// <summary>What was wrong with a string; null when the input just ended.</summary>
    public string? Problem { get; private set; }

    public bool TryReadKey() => TryRead(ref _key, out _keyLength);

    public bool TryReadValue() => TryRead(ref _value, out _valueLength);

    private bool TryRead(ref byte[] output, out int length)
    {
        length = 0;
        if (!_input.TryLength(out var count, out var encoded)) return false;
        if (!encoded)
        {
            if (!TryFill(ref output, count)) return false;
            length = (int)count;
            return true;
        }

        switch (count)
        {
            case RdbFormat.EncodingInt8 or RdbFormat.EncodingInt16 or RdbFormat.EncodingInt32:
                return TryReadInteger((int)count, output, out length);
            case RdbFormat.EncodingLzf:
                return TryReadCompressed(ref output, out length);
            default:
                Problem = string.Create(CultureInfo.InvariantCulture, $"Unknown RDB string encoding type {count}");
                return false;
        }
    }

    private bool TryReadInteger(int encoding, byte[] output, out int length)
    {
        Span<byte> bytes = stackalloc byte[4];
        length = 0;
        if (!_input.TryBytes(bytes[..(1 << encoding)])) return false;
        var number = encoding switch
        {
            RdbFormat.EncodingInt8 => (sbyte)bytes[0],
            RdbFormat.EncodingInt16 => BinaryPrimitives.ReadInt16LittleEndian(bytes),
            _ => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        };
        return Utf8Formatter.TryFormat(number, output, out length);
    }

    private bool TryReadCompressed(ref byte[] output, out int length)
    {
        length = 0;
        if (!_input.TryLength(out var compressed) || !_input.TryLength(out var count)) return false;
        if (compressed <= (ulong)RdbInput.MaximumBorrow)
        {
            return _input.TryBorrow((int)compressed, out var borrowed) &&
                TryDecompress(borrowed, count, ref output, out length);
        }

        var complete = TryFill(ref _compressed, compressed) &&
            TryDecompress(_compressed.AsSpan(0, (int)compressed), count, ref output, out length);
        _compressed = [];
        return complete;
    }

    private bool TryDecompress(ReadOnlySpan<byte> compressed, ulong count, ref byte[] output, out int length)
    {
        length = 0;
        if (count > (ulong)Array.MaxLength || count > (ulong)compressed.Length * Lzf.MaximumRatio)
        {
            Problem = "Invalid LZF compressed string";
            return false;
        }

        Shrink(ref output, (int)count);
        if (output.Length < (int)count) output = GC.AllocateUninitializedArray<byte>((int)count);
        if (!Lzf.TryDecompress(compressed, output.AsSpan(0, (int)count)))
        {
            Problem = "Invalid LZF compressed string";
            return false;
        }

        length = (int)count;
        return true;
    }

    /// <summary>Reads plain bytes, enlarging the array only as far as bytes have come.</summary>
    private bool TryFill(ref byte[] output, ulong count)
    {
        if (count > (ulong)Array.MaxLength)
        {
            Problem = string.Create(CultureInfo.InvariantCulture, $"String of {count} bytes is too long");
            return false;
        }

        Shrink(ref output, (int)count);
        var filled = 0;
        while (filled < (int)count)
        {
            var step = Math.Min((int)count - filled, Math.Max(GrowthStep, filled));
            if (output.Length < filled + step) Array.Resize(ref output, filled + step);
            if (!_input.TryBytes(output.AsSpan(filled, step))) return false;
            filled += step;
        }

        return true;
    }

    /// <summary>Lets go of a large array that a small string does not need.</summary>
    private static void Shrink(ref byte[] output, int count)
    {
        if (output.Length > GrowthStep && count < GrowthStep / 4) output = new byte[Math.Max(256, count)];
    }
}
