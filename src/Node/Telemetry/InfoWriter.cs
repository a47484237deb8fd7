using System.Globalization;
using System.Text;

namespace Starling.Node.Telemetry;

/// <summary>Collects INFO's lines.</summary>
public sealed class InfoWriter
{
    private readonly StringBuilder _text = new();

    /// <summary>A field with a text.</summary>
    public void Field(string name, string value) => _text.Append(name).Append(':').Append(value).Append("\r\n");

    /// <summary>A field with a number.</summary>
    public void Field(string name, long value) =>
        _text.Append(name).Append(':').Append(value.ToString(CultureInfo.InvariantCulture)).Append("\r\n");

    /// <summary>A field with a flag, 1 or 0.</summary>
    public void Field(string name, bool value) => Field(name, value ? 1 : 0);

    /// <summary>A section's head, such as "# Server"; an empty line goes before it unless it is the first.</summary>
    public void Section(string title)
    {
        if (_text.Length > 0) _text.Append("\r\n");
        _text.Append("# ").Append(title).Append("\r\n");
    }

    /// <summary>What was written.</summary>
    public override string ToString() => _text.ToString();
}
