using System.Globalization;

namespace Starling.Node.Telemetry;

/// <summary>Collects the fields of one section of INFO.</summary>
public sealed class InfoWriter
{
    private readonly List<KeyValuePair<string, string>> _fields = [];

    /// <summary>A field with a text.</summary>
    public void Field(string name, string value) => _fields.Add(new(name, value));

    /// <summary>A field with a number.</summary>
    public void Field(string name, long value) => Field(name, value.ToString(CultureInfo.InvariantCulture));

    /// <summary>A field with a flag, 1 or 0.</summary>
    public void Field(string name, bool value) => Field(name, value ? 1 : 0);

    /// <summary>A field with a number of bytes, and one with "_human" behind its name.</summary>
    public void Bytes(string name, long value)
    {
        Field(name, value);
        Field(name + "_human", InfoFormat.Human(value));
    }

    /// <summary>The fields in the order in which they were written.</summary>
    internal IReadOnlyList<KeyValuePair<string, string>> Fields => _fields;
}
