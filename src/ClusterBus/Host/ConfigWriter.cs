using Starling.Slots;

namespace Starling.ClusterBus.Host;

/// <summary>
/// Writes nodes.conf on a thread of its own: a disk that is slow for seconds must not keep the bus thread from hearing
/// the other nodes. Requests that come while one is carried out are carried out together, by the text of then.
/// </summary>
internal sealed class ConfigWriter : IConfigStore, IDisposable
{
    // What was saved without fsync is synced when so many milliseconds passed without another save.
    private const int SyncDelay = 1000;

    // Milliseconds.
    private const int RetryDelay = 100;

    // ENFILE and EMFILE.
    private const int OutOfFiles = 23, OutOfOwnFiles = 24;

    // Guards the numbers below. Nothing is taken under it, and it is never held while the disk is at work.
    private readonly RankedLock _gate = new(LockRank.Leaf, nameof(ConfigWriter));
    private readonly AutoResetEvent _wanted = new(initialState: false);
    private readonly AutoResetEvent _written = new(initialState: false);
    private readonly ConfigFile _file;
    private readonly Func<string> _format;
    private readonly Action _completed;
    private readonly Action<string> _fail;
    private readonly Thread _thread;
    private readonly List<Action<string?>> _reports = [];
    private long _requested;
    private long _done;
    private bool _wantsSync;
    private bool _mustSucceed; // not only reports are waiting
    private bool _stopping;

    /// <summary>Makes a writer and starts its thread.</summary>
    /// <param name="file">The file; this owns it.</param>
    /// <param name="format">Gives the text of now; called on the writer's thread.</param>
    /// <param name="completed">Called on the writer's thread when a request was carried out.</param>
    /// <param name="fail">Called with a message when one cannot be; the process is to stop.</param>
    public ConfigWriter(ConfigFile file, Func<string> format, Action completed, Action<string> fail)
    {
        _file = file;
        _format = format;
        _completed = completed;
        _fail = fail;
        _thread = new Thread(Run) { Name = "cluster-config", IsBackground = true };
        _thread.Start();
    }

    /// <summary>The number of the last request.</summary>
    public long Requested
    {
        get
        {
            using (_gate.Enter()) return _requested;
        }
    }

    /// <summary>Requests up to this number were carried out.</summary>
    public long Done
    {
        get
        {
            using (_gate.Enter()) return _done;
        }
    }

    /// <inheritdoc/>
    public long Request(bool sync) => Request(sync, report: null);

    /// <summary>Asks for the file to be written. Any thread; returns at once.</summary>
    /// <param name="sync">It is to be durable.</param>
    /// <param name="report">Gets null or what went wrong, which is then no reason to stop.</param>
    /// <returns>The request's number.</returns>
    public long Request(bool sync, Action<string?>? report)
    {
        using (_gate.Enter())
        {
            _wantsSync |= sync;
            if (report is not null) _reports.Add(report);
            else _mustSucceed = true;
            _requested++;
            _wanted.Set();
            return _requested;
        }
    }

    /// <summary>Waits until a request was carried out; one thread at a time.</summary>
    public void Wait(long request)
    {
        LockOrder.AssertMayBlock("waiting for nodes.conf");
        while (Done < request) _written.WaitOne();
    }

    /// <summary>Carries out what was requested, syncs, ends the thread and unlocks the file.</summary>
    public void Dispose()
    {
        LockOrder.AssertMayBlock("waiting for the writer of nodes.conf");
        using (_gate.Enter())
        {
            if (_stopping) return;
            _stopping = true;
            _wanted.Set();
        }

        _thread.Join();
        _file.Dispose();
        _wanted.Dispose();
        _written.Dispose();
    }

    private void Run()
    {
        while (TryNext(out var request, out var sync, out var mayFail, out var reports))
        {
            if (!Write(request, sync, mayFail, reports)) return;
        }
    }

    // False when it is time to end.
    private bool TryNext(out long request, out bool sync, out bool mayFail, out Action<string?>[] reports)
    {
        while (true)
        {
            using (_gate.Enter())
            {
                (request, sync, reports) = (_requested, _wantsSync, [.. _reports]);
                mayFail = reports.Length > 0 && !_mustSucceed;
                (_wantsSync, _mustSucceed) = (false, false);
                _reports.Clear();
                if (_requested != _done) return true;
                if (_stopping) return _file.IsUnsynced;
            }

            var isIdle = !_wanted.WaitOne(_file.IsUnsynced ? SyncDelay : Timeout.Infinite);
            if (isIdle) return true;
        }
    }

    private bool IsStopping
    {
        get
        {
            using (_gate.Enter()) return _stopping;
        }
    }

    private static bool IsOutOfDescriptors(IOException error) => error.HResult is OutOfOwnFiles or OutOfFiles;

    private IOException? TryWrite(long request, bool sync, out IDisposable? former)
    {
        former = null;
        try
        {
            if (request == Done) _file.Sync();
            else former = _file.Replace(_format(), sync);
            return null;
        }
        catch (IOException error)
        {
            return error;
        }
    }

    private bool Write(long request, bool sync, bool mayFail, Action<string?>[] reports)
    {
        IDisposable? former;
        IOException? error;
        while ((error = TryWrite(request, sync, out former)) is not null && !mayFail)
        {
            if (!IsOutOfDescriptors(error) || IsStopping)
            {
                _fail($"Fatal: can't update cluster config file: {SystemErrors.Explain(error)}");
                return false;
            }

            // Clients and links come and go, so some will be free again. What needs the file waits until then.
            _wanted.WaitOne(RetryDelay);
        }

        using (_gate.Enter())
        {
            _done = request;
        }

        _written.Set();
        _completed();
        foreach (var report in reports) report(error is null ? null : SystemErrors.Explain(error));

        // The last look at the former file frees its blocks, which can take seconds on a busy disk.
        former?.Dispose();
        return true;
    }
}
