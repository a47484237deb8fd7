using System.Text;
using Starling.Node.Persistence;
using Starling.Slots.Values;

namespace Starling.Node.Tests.Persistence;

/// <summary>Makes RDB streams in memory and reads them back.</summary>
internal sealed class RdbBytes : IByteSink
{
    private readonly MemoryStream _bytes = new();

    public static byte[] Make(Action<RdbWriter> write, bool compression = true, bool checksum = true)
    {
        var sink = new RdbBytes();
        var writer = new RdbWriter(sink, compression, checksum);
        writer.Begin();
        write(writer);
        writer.End();
        return sink._bytes.ToArray();
    }

    public static byte[] Make(IEnumerable<RdbEntry> entries, bool compression = true, bool checksum = true) =>
        Make(
            writer =>
            {
                foreach (var entry in entries)
                {
                    writer.SelectDatabase(entry.Database);
                    StringEntry(writer, entry);
                }
            },
            compression,
            checksum);

    public static void StringEntry(RdbWriter writer, RdbEntry entry)
    {
        writer.BeginEntry(entry.Key, ContentForm.String, entry.ExpiresAt);
        writer.Text(entry.Value);
    }

    /// <summary>The string of a DUMP payload.</summary>
    public static bool TryReadString(ReadOnlySpan<byte> payload, out byte[] value, out string error)
    {
        value = [];
        if (!DumpPayload.TryOpen(payload, out _, out var content, out error)) return false;
        error = Encoding.ASCII.GetString(DumpPayload.BadFormat);
        if (!content.TryText(out var text) || !content.IsAtEnd) return false;
        value = text.ToArray();
        return true;
    }

    /// <summary>The entries, or null when the stream was refused.</summary>
    public static List<RdbEntry>? Read(byte[] bytes, out RdbReader reader)
    {
        reader = new RdbReader(new MemoryStream(bytes), verifyChecksum: true);
        return ReadAll(reader);
    }

    public static List<RdbEntry>? ReadAll(RdbReader reader)
    {
        var entries = new List<RdbEntry>();
        while (true)
        {
            switch (reader.Read())
            {
                case RdbItem.Entry:
                    var key = reader.Key.ToArray();
                    if (!reader.TakeContent().TryText(out var value))
                    {
                        reader.FailContent(null);
                        return null;
                    }

                    entries.Add(new RdbEntry((int)reader.Database, key, value.ToArray(), reader.ExpiresAt));
                    break;
                case RdbItem.End:
                    return entries;
                case RdbItem.Failed:
                    return null;
                default:
                    break;
            }
        }
    }

    public void Write(ReadOnlySpan<byte> bytes) => _bytes.Write(bytes);
}
