namespace Starling.Node.Persistence;

/// <summary>
/// Moves a snapshot from the keyspace to its target as an RDB stream. Everything happens on the saver's thread.
/// </summary>
internal sealed class SnapshotPump : IByteSink
{
    /// <summary>The saver stops visiting and writes when that much waits.</summary>
    private const long DrainAt = 1 << 20;

    private readonly SnapshotSession _session;
    private readonly SnapshotWork _work;
    private readonly RdbWriter _writer;
    private readonly bool[] _announced;
    private List<SnapshotBuffer.Chunk> _empty = [];

    public SnapshotPump(SnapshotSession session, SnapshotWork work, bool compression, bool checksum)
    {
        _session = session;
        _work = work;
        _writer = new RdbWriter(this, compression, checksum);
        _announced = new bool[work.Sizes.Length];
    }

    /// <summary>Writes the whole stream and completes the target.</summary>
    public void Run()
    {
        _writer.Begin();
        _writer.StandardFields(_work.StartedAt, _work.UsedBytes, _work.Position);
        while (_work.Snapshot.Advance())
        {
            _session.Cancellation.ThrowIfCancellationRequested();
            if (_work.Buffer.Bytes >= DrainAt) Drain();
        }

        Drain();
        _writer.End();
        _session.Cancellation.ThrowIfCancellationRequested();
        _session.Target.Complete(_session.Cancellation);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes) => _session.Target.Write(bytes, _session.Cancellation);

    private void Drain()
    {
        var chunks = _work.Buffer.Take(_empty);
        var reader = new SnapshotBufferReader(chunks);
        while (reader.Read())
        {
            var record = reader.Record;
            if (_writer.SelectDatabase(record.Database)) Announce(record.Database);
            _writer.BeginEntry(reader.Key, record.Form, record.ExpiresAt);
            reader.TakeContent(_writer);
            _session.KeysWritten++;
        }

        _session.PeakBufferedBytes = _work.Buffer.PeakBytes;
        _work.Buffer.Recycle(chunks);
        _empty = chunks;
    }

    /// <summary>Tells the size of a database once, before its first key.</summary>
    private void Announce(int database)
    {
        if (_announced[database]) return;
        _announced[database] = true;
        var (keys, expiring) = _work.Sizes[database];
        _writer.ResizeDatabase(keys, expiring);
    }
}
