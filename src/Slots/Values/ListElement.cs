using System.Buffers.Text;

namespace Starling.Slots.Values;

/// <summary>An element of a collection, as it is kept: a text or a number. Dead after any change of the value.</summary>
public readonly ref struct ListElement
{
    private readonly ReadOnlySpan<byte> _text;
    private readonly long _number;
    private readonly bool _isNumber;

    internal ListElement(ReadOnlySpan<byte> text) => _text = text;

    internal ListElement(long number)
    {
        _number = number;
        _isNumber = true;
    }

    /// <summary>The most bytes that <see cref="Text"/> needs for a number.</summary>
    public const int ScratchLength = DecimalInteger.MaxLength;

    /// <summary>The bytes of the element.</summary>
    /// <param name="scratch">
    /// At least <see cref="ScratchLength"/> bytes; a number is written there, a text aliases native memory.
    /// </param>
    public ReadOnlySpan<byte> Text(Span<byte> scratch)
    {
        if (!_isNumber) return _text;
        Utf8Formatter.TryFormat(_number, scratch, out var length);
        return scratch[..length];
    }

    /// <summary>The number, when the element is kept as one; false for a text, whatever it says.</summary>
    public bool TryNumber(out long number)
    {
        number = _number;
        return _isNumber;
    }

    /// <summary>True when this element is the one looked for.</summary>
    public bool Equals(scoped in ListNeedle needle) => _isNumber
        ? needle.IsNumber && needle.Number == _number
        : _text.SequenceEqual(needle.Text);
}
