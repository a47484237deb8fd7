using System.Buffers.Text;

namespace Starling.Slots.Values.SortedSets;

/// <summary>Scores as the entries of listpacks: an integer where the score is one, else its text.</summary>
internal static class ScoreText
{
    /// <summary>The most bytes of a text.</summary>
    public const int MaxLength = DoubleText.MaxLength;

    /// <summary>Integers up to here are kept as such, by Redis's rule.</summary>
    private const double LargestInteger = long.MaxValue / 2;

    /// <summary>True for a score that is kept as an integer.</summary>
    public static bool IsInteger(double score) => Math.Abs(score) <= LargestInteger && score == (long)score;

    /// <summary>Writes the text of a score, which a listpack makes an integer if it says one.</summary>
    public static ReadOnlySpan<byte> Of(double score, Span<byte> target)
    {
        int length;
        if (IsInteger(score)) Utf8Formatter.TryFormat((long)score, target, out length);
        else length = DoubleText.Format(score, target);
        return target[..length];
    }

    /// <summary>Reads the score of an entry; false for what is no number.</summary>
    public static bool TryRead(ListElement element, out double score)
    {
        if (!element.TryNumber(out var number)) return TryParse(element.Text(default), out score);
        score = number;
        return true;
    }

    /// <summary>Reads the text of a score; false for what is no number.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out double score) => DoubleParser.TryParseScore(text, out score);
}
