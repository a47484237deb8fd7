using System.Text;
using Starling.Slots;

namespace Starling.Node.Telemetry;

/// <summary>
/// Writes log lines on a thread of its own, so that a slow disk or terminal holds up nobody else. A file is opened for
/// each batch of lines and
/// closed again: a file that was rotated away is made anew by the next line.
/// </summary>
public sealed class LogWriter : IDisposable
{
    private const int MostLinesWaiting = 16384;
    private static readonly TimeSpan FlushDeadline = TimeSpan.FromSeconds(5);

    // Guards the four fields below; no other lock is taken under it.
    private readonly RankedLock _lock = new(LockRank.LogLines, nameof(LogWriter));
    private List<string> _waiting = [];
    private long _added;
    private long _written;
    private long _lost;

    private readonly Func<Stream> _open;
    private readonly bool _closesStream;
    private readonly AutoResetEvent _work = new(initialState: false);
    private readonly AutoResetEvent _progress = new(initialState: false);
    private readonly Thread _thread;
    private volatile bool _isStopping;

    /// <summary>Starts a writer.</summary>
    /// <param name="path">Absolute path of the log file; null for standard output.</param>
    public LogWriter(string? path)
    {
        _closesStream = path is not null;
        if (path is null)
        {
            var standardOutput = Console.OpenStandardOutput();
            _open = () => standardOutput;
        }
        else
        {
            _open = () => new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }

        _thread = new Thread(Run) { Name = "log", IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Hands over a line without its line end. Never waits; when too many lines wait already, this one is counted and
    /// dropped.
    /// </summary>
    public void Add(string line)
    {
        using (_lock.Enter())
        {
            if (_waiting.Count >= MostLinesWaiting)
            {
                _lost++;
                return;
            }

            _waiting.Add(line);
            _added++;
        }

        _work.Set();
    }

    /// <summary>Waits, for some seconds at most, until the lines handed over so far are written.</summary>
    public void Flush()
    {
        LockOrder.AssertMayBlock("waiting for the log file");
        long goal;
        using (_lock.Enter()) goal = _added;
        var deadline = Environment.TickCount64 + (long)FlushDeadline.TotalMilliseconds;
        while (Environment.TickCount64 < deadline)
        {
            using (_lock.Enter())
            {
                if (_written >= goal) return;
            }

            _work.Set();
            _progress.WaitOne(10);
        }
    }

    /// <summary>Writes what waits and ends the thread.</summary>
    public void Dispose()
    {
        Flush();
        _isStopping = true;
        _work.Set();
        _thread.Join(FlushDeadline);
    }

    private void Run()
    {
        while (true)
        {
            List<string> batch;
            long lost;
            using (_lock.Enter())
            {
                batch = _waiting;
                lost = _lost;
                _waiting = [];
                _lost = 0;
            }

            if (batch.Count == 0 && lost == 0)
            {
                if (_isStopping) return;
                _work.WaitOne();
                continue;
            }

            var isWritten = TryWrite(batch, lost);
            using (_lock.Enter())
            {
                _written += batch.Count;
                if (!isWritten) _lost += lost + batch.Count;
            }

            _progress.Set();
            if (isWritten) continue;
            if (_isStopping) return;
            _work.WaitOne();
        }
    }

    /// <summary>
    /// False when the lines could not be written: the disk is full, the reader of standard output is gone. The next
    /// batch reports them.
    /// </summary>
    private bool TryWrite(List<string> batch, long lost)
    {
        var text = new StringBuilder();
        if (lost > 0) text.Append("# ").Append(lost).Append(" log lines could not be written\n");
        foreach (var line in batch) text.Append(line).Append('\n');
        try
        {
            var stream = _open();
            try
            {
                stream.Write(Encoding.UTF8.GetBytes(text.ToString()));
                stream.Flush();
            }
            finally
            {
                if (_closesStream) stream.Dispose();
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
