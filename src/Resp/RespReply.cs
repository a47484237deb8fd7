using System.Text;

namespace Starling.Resp;

/// <summary>One reply, as a tree.</summary>
public sealed class RespReply
{
    internal RespReply(RespKind kind, byte[] bytes, long integer, RespReply[] elements)
    {
        Kind = kind;
        Bytes = bytes;
        Integer = integer;
        Elements = elements;
    }

    /// <summary>The type.</summary>
    public RespKind Kind { get; }

    /// <summary>The text of a string, status, error, double or big number; empty for others.</summary>
    public byte[] Bytes { get; }

    /// <summary>The value of an integer; 1 or 0 of a boolean; 0 for others.</summary>
    public long Integer { get; }

    /// <summary>The elements of an array, set or push, or the keys and values of a map in turn.</summary>
    public IReadOnlyList<RespReply> Elements { get; }

    /// <summary>An element.</summary>
    public RespReply this[int index] => Elements[index];

    /// <summary>True for an error of either form.</summary>
    public bool IsError => Kind is RespKind.Error or RespKind.BulkError;

    /// <summary>True for null.</summary>
    public bool IsNull => Kind == RespKind.Null;

    /// <summary>The text in UTF-8 (an integer's digits); null for null.</summary>
    public string? Text => Kind switch
    {
        RespKind.Null => null,
        RespKind.Integer or RespKind.Boolean => Integer.ToString(System.Globalization.CultureInfo.InvariantCulture),
        _ => Encoding.UTF8.GetString(Bytes),
    };

    /// <summary>A form for messages: the way redis-cli shows it, on one line.</summary>
    public override string ToString() => Kind switch
    {
        RespKind.Null => "(nil)",
        RespKind.Error or RespKind.BulkError => "(error) " + Text,
        RespKind.Integer => "(integer) " + Text,
        RespKind.Array or RespKind.Map or RespKind.Set or RespKind.Push or RespKind.Attribute =>
            "[" + string.Join(", ", Elements) + "]",
        _ => Text!,
    };
}
