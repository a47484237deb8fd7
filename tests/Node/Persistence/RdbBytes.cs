using Starling.Node.Persistence;

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
                    writer.StringEntry(entry.Key, entry.Value, entry.ExpiresAt);
                }
            },
            compression,
            checksum);

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
                    entries.Add(new RdbEntry((int)reader.Database, reader.Key.ToArray(), reader.Value.ToArray(), reader.ExpiresAt));
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
