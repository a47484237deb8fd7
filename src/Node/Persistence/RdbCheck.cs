using System.Globalization;
using System.Text;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Persistence;

/// <summary>
/// Reads an RDB file to its end as a server would that loads it, keeps nothing, and reports what it finds in the words
/// of redis-check-rdb. Every value is made, so that a file without a fault here can be loaded.
/// </summary>
/// <param name="output">Gets the report.</param>
/// <param name="now">Judges what has expired: milliseconds of Unix time.</param>
public sealed class RdbCheck(TextWriter output, long now)
{
    private long _keys;
    private long _expires;
    private long _expired;
    private ulong? _database;

    /// <summary>Checks a file.</summary>
    /// <param name="name">What the report calls it.</param>
    /// <param name="stream">Its bytes.</param>
    /// <returns>True when there is no fault.</returns>
    public bool Run(string name, Stream stream)
    {
        Report(0, $"Checking RDB file {name}");
        var reader = new RdbReader(stream, verifyChecksum: true);
        using var keyspace = new Keyspace(new KeyspaceOptions());
        var item = reader.Read();
        while (item is not (RdbItem.End or RdbItem.Failed))
        {
            Take(item, reader, keyspace[0], keyspace);
            item = reader.Read();
        }

        if (item == RdbItem.Failed)
        {
            ReportFault(reader);
        }
        else
        {
            Report(reader.Position, reader.LacksChecksum ? "RDB file was saved with checksum disabled: no check performed." : "Checksum OK");
            Report(reader.Position, "\\o/ RDB looks OK! \\o/");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[info] {_keys} keys read"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[info] {_expires} expires"));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[info] {_expired} already expired"));
        return item == RdbItem.End;
    }

    private void Take(RdbItem item, RdbReader reader, Database database, Keyspace keyspace)
    {
        switch (item)
        {
            case RdbItem.Auxiliary:
                Report(reader.Position, $"AUX FIELD {Text(reader.Key)} = '{Text(reader.Value)}'");
                break;
            case RdbItem.ModuleAuxiliary:
                Report(reader.Position, "MODULE AUX data, skipped");
                break;
            case RdbItem.Entry:
                if (_database != reader.Database)
                {
                    _database = reader.Database;
                    Report(reader.Position, string.Create(CultureInfo.InvariantCulture, $"Selecting DB ID {reader.Database}"));
                }

                TakeEntry(reader, database, keyspace.Key(reader.Key).Slot);
                break;
        }
    }

    /// <summary>Makes the value and drops it. Nobody else knows the keyspace, so there is nothing to lock.</summary>
    private void TakeEntry(RdbReader reader, Database database, int slot)
    {
        _keys++;
        switch (database.Load(slot, reader.Form, reader.TakeContent(), out var value))
        {
            case ContentOutcome.EndedEarly:
                reader.FailContent(null);
                return;
            case ContentOutcome.Invalid:
                reader.FailContent($"integrity check failed: content of a value in form {reader.Form}");
                return;
            case ContentOutcome.Read:
                database.Discard(slot, value);
                break;
        }

        if (reader.ExpiresAt == -1) return;
        _expires++;
        if (reader.ExpiresAt < now) _expired++;
    }

    private void ReportFault(RdbReader reader)
    {
        output.WriteLine("--- RDB ERROR DETECTED ---");
        Report(reader.Position, reader.Detail ?? reader.Error!);
        if (reader.Detail is not null && reader.Detail != reader.Error) output.WriteLine($"[additional info] {reader.Error}");
        if (!reader.Key.IsEmpty) output.WriteLine($"[additional info] Reading key '{Text(reader.Key)}'");
    }

    private void Report(long offset, string text) =>
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"[offset {offset}] {text}"));

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);
}
