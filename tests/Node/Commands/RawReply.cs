using System.Globalization;
using System.Text;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// A reply with its type kept: '+', '-', ':', '$' (text null for the null bulk string), '*', and those of RESP3; a map ('%') holds keys
/// and values in turn.
/// </summary>
internal sealed record RawReply(char Type, string? Text, IReadOnlyList<RawReply> Items)
{
    /// <summary>The number of an integer reply.</summary>
    public long Number => long.Parse(Text!, CultureInfo.InvariantCulture);

    private bool IsAggregate => Type is '*' or '~' or '%';

    /// <summary>The same array with its elements in a fixed order.</summary>
    public RawReply Sorted() => this with { Items = [.. Items.OrderBy(i => i.Text, StringComparer.Ordinal)] };

    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    private void Append(StringBuilder text)
    {
        text.Append(Type);
        if (IsAggregate) text.Append(Items.Count).Append('[');
        else if (Text is null) text.Append("(null)");
        else text.Append(CommandText.Printable(Text));
        for (var i = 0; i < Items.Count; i++)
        {
            if (i > 0) text.Append(' ');
            Items[i].Append(text);
        }

        if (IsAggregate) text.Append(']');
    }
}
