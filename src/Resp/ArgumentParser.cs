using Starling.Slots;

namespace Starling.Resp;

/// <summary>Reads the numbers and words of command arguments, as strictly as Redis does. Allocates nothing.</summary>
public static class ArgumentParser
{
    /// <summary>The most digits a signed 64-bit integer has, with its sign.</summary>
    public const int MaxIntegerLength = DecimalInteger.MaxLength;

    /// <summary>
    /// Reads a signed 64-bit decimal integer in its one canonical form: no space, no plus sign, no leading zero, no
    /// "-0".
    /// </summary>
    public static bool TryInteger(ReadOnlySpan<byte> text, out long value) =>
        DecimalInteger.TryParse(text, out value);

    /// <summary>
    /// Reads an integer as <see cref="TryInteger(ReadOnlySpan{byte}, out long)"/> does, in the range of 32 bits.
    /// </summary>
    public static bool TryInteger(ReadOnlySpan<byte> text, out int value)
    {
        var read = TryInteger(text, out long wide) && wide is >= int.MinValue and <= int.MaxValue;
        value = read ? (int)wide : 0;
        return read;
    }

    /// <summary>True when the text is the word; ASCII letters of either case are equal.</summary>
    /// <param name="text">An argument.</param>
    /// <param name="word">The word.</param>
    public static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        text.Length == word.Length && System.Text.Ascii.EqualsIgnoreCase(text, word);
}
