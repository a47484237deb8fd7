using System.Text;

namespace Starling.Node.Telemetry;

/// <summary>
/// The sections of INFO. Each part of the server adds its own at construction; INFO prints them in Redis's order, and
/// the fields of a section
/// in Redis's order too, whoever wrote them. Filled before the server starts, read by any thread afterwards.
/// </summary>
public sealed class InfoRegistry
{
    private readonly Dictionary<string, List<Action<InfoWriter>>> _sections = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Action> _resets = [];

    /// <summary>
    /// Adds fields to a section (server, clients, memory, persistence, stats, replication, cpu, cluster, keyspace,
    /// ...).
    /// </summary>
    /// <param name="section">The section's name in lower case.</param>
    /// <param name="write">Writes the fields; called on any thread, under no lock unless INFO runs in a
    /// transaction.</param>
    public void Add(string section, Action<InfoWriter> write)
    {
        if (!_sections.TryGetValue(section, out var writers)) _sections[section] = writers = [];
        writers.Add(write);
    }

    /// <summary>Adds what CONFIG RESETSTAT does to the counters of a part.</summary>
    public void AddReset(Action reset) => _resets.Add(reset);

    /// <summary>Resets the counters (CONFIG RESETSTAT).</summary>
    public void Reset()
    {
        foreach (var reset in _resets) reset();
    }

    /// <summary>The text of INFO.</summary>
    /// <param name="requested">Names of sections, or default, all, everything; in any case. None means default.</param>
    public string Render(IReadOnlyList<string> requested)
    {
        var text = new StringBuilder();
        foreach (var section in InfoLayout.Sections)
        {
            if (!IsRequested(section, requested)) continue;
            if (text.Length > 0) text.Append("\r\n");
            text.Append("# ").Append(section.Title).Append("\r\n");
            foreach (var (name, value) in FieldsOf(section)) text.Append(name).Append(':').Append(value).Append("\r\n");
        }

        return text.ToString();
    }

    private static bool IsRequested(InfoSection section, IReadOnlyList<string> requested)
    {
        if (requested.Count == 0) return section.IsDefault;
        foreach (var name in requested)
        {
            if (name.Equals(section.Name, StringComparison.OrdinalIgnoreCase)) return true;
            if (name.Equals("everything", StringComparison.OrdinalIgnoreCase)) return true;
            if (name.Equals("all", StringComparison.OrdinalIgnoreCase) && section.Name != "modules") return true;
            if (name.Equals("default", StringComparison.OrdinalIgnoreCase) && section.IsDefault) return true;
        }

        return false;
    }

    private List<KeyValuePair<string, string>> FieldsOf(InfoSection section)
    {
        var writer = new InfoWriter();
        if (_sections.TryGetValue(section.Name, out var writers))
        {
            foreach (var write in writers) write(writer);
        }

        var written = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in writer.Fields) written[name] = value;
        var fields = new List<KeyValuePair<string, string>>();
        foreach (var (name, constant) in section.Fields)
        {
            if (written.Remove(name, out var value)) fields.Add(new(name, value));
            else if (constant is not null) fields.Add(new(name, constant));
        }

        foreach (var (name, value) in writer.Fields)
        {
            if (written.Remove(name)) fields.Add(new(name, value));
        }

        return fields;
    }
}
