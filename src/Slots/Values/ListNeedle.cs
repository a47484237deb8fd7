namespace Starling.Slots.Values;

/// <summary>An element that is looked for: read as a number once, not once per comparison.</summary>
public readonly ref struct ListNeedle
{
    /// <summary>The element of these bytes.</summary>
    public ListNeedle(ReadOnlySpan<byte> text)
    {
        Text = text;
        IsNumber = DecimalInteger.TryParse(text, out var number);
        Number = number;
    }

    internal ReadOnlySpan<byte> Text { get; }

    internal bool IsNumber { get; }

    internal long Number { get; }
}
