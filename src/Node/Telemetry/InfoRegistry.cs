namespace Starling.Node.Telemetry;

/// <summary>The sections of INFO. Each part of the server adds its own at construction; INFO prints them in Redis's order.</summary>
public sealed class InfoRegistry
{
    private readonly Dictionary<string, List<Action<InfoWriter>>> _sections = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds fields to a section (server, clients, memory, persistence, stats, replication, cpu, cluster, keyspace, ...).</summary>
    /// <param name="section">The section's name in lower case.</param>
    /// <param name="write">Writes the fields; called on any thread, under no lock.</param>
    public void Add(string section, Action<InfoWriter> write)
    {
        if (!_sections.TryGetValue(section, out var writers)) _sections[section] = writers = [];
        writers.Add(write);
    }

    /// <summary>Writes one section's fields; nothing when there is no such section.</summary>
    public void Write(string section, InfoWriter writer)
    {
        if (!_sections.TryGetValue(section, out var writers)) return;
        foreach (var write in writers) write(writer);
    }
}
