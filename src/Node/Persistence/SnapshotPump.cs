using System.Diagnostics;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Persistence;

/// <summary>
/// Moves a snapshot from the keyspace to its target as an RDB stream. Everything happens on the saver's thread.
/// </summary>
internal sealed class SnapshotPump : IByteSink, ISnapshotOutput
{
    /// <summary>
    /// Microseconds after which the saver lets other threads have the processor, if any wants it. Otherwise it would keep an I/O
    /// thread from it until the scheduler's next tick, some milliseconds, each time.
    /// </summary>
    private const int Turn = 250;

    /// <summary>The saver stops visiting and writes when that much waits.</summary>
    private const long DrainAt = 1 << 20;

    /// <summary>
    /// The longest text that comes in parts and is compressed: that needs the whole of it, and an RDB file has the
    /// compressed length before the bytes. A longer one goes to the file as it is, part by part.
    /// </summary>
    private const int LongestCompressed = 4 << 20;

    private readonly SnapshotSession _session;
    private readonly SnapshotWork _work;
    private readonly RdbWriter _writer;
    private readonly bool _compression;
    private readonly bool[] _announced;
    private byte[] _text = [];
    private int _textLength;
    private int _textFilled;
    private long _turnBegan;

    public SnapshotPump(SnapshotSession session, SnapshotWork work, bool compression, bool checksum)
    {
        _session = session;
        _work = work;
        _writer = new RdbWriter(this, compression, checksum);
        _compression = compression;
        _announced = new bool[work.Sizes.Length];
    }

    /// <summary>Writes the whole stream and completes the target.</summary>
    public void Run()
    {
        _writer.Begin(_work.FormatVersion);
        _writer.StandardFields(_work.StartedAt, _work.UsedBytes, _work.Position);
        foreach (var code in _work.Libraries) _writer.Function(code);
        while (_work.Snapshot.Advance())
        {
            GiveWay();
            _session.Cancellation.ThrowIfCancellationRequested();
            if (_work.Snapshot.WaitingBytes >= DrainAt) Drain();
        }

        Drain();
        _writer.End();
        _session.Cancellation.ThrowIfCancellationRequested();
        _session.Target.Complete(_session.Cancellation);
    }

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        GiveWay(); // a large value is one entry
        _session.Target.Write(bytes, _session.Cancellation);
    }

    /// <inheritdoc/>
    public void BeginEntry(int database, ReadOnlySpan<byte> key, long expiresAt, ContentForm form)
    {
        GiveWay();
        if (_writer.SelectDatabase(database)) Announce(database);
        _writer.BeginEntry(key, form, expiresAt);
        _session.KeysWritten++;
    }

    /// <inheritdoc/>
    public void Number(ulong value) => _writer.Number(value);

    /// <inheritdoc/>
    public void Text(ReadOnlySpan<byte> text) => _writer.Text(text);

    /// <inheritdoc/>
    public void Raw(ReadOnlySpan<byte> bytes) => _writer.Raw(bytes);

    /// <inheritdoc/>
    public void BeginText(long length)
    {
        _textLength = _compression && length <= LongestCompressed ? (int)length : 0;
        _textFilled = 0;
        if (_textLength == 0) _writer.BeginText(length);
        else if (_text.Length < _textLength) _text = GC.AllocateUninitializedArray<byte>(_textLength);
    }

    /// <inheritdoc/>
    public void TextPart(ReadOnlySpan<byte> bytes)
    {
        if (_textLength == 0)
        {
            _writer.TextPart(bytes);
            return;
        }

        bytes.CopyTo(_text.AsSpan(_textFilled));
        _textFilled += bytes.Length;
        if (_textFilled == _textLength) _writer.Text(_text.AsSpan(0, _textLength));
    }

    private void GiveWay()
    {
        if (Stopwatch.GetElapsedTime(_turnBegan).TotalMicroseconds < Turn) return;
        Thread.Yield();
        _turnBegan = Stopwatch.GetTimestamp();
    }

    private void Drain()
    {
        _session.PeakBufferedBytes = Math.Max(_session.PeakBufferedBytes, _work.Snapshot.BufferedBytes);
        _work.Snapshot.Deliver(this);
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
