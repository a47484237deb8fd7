using Starling.Node.Config;
using Starling.Node.Execution;
using Starling.Node.Telemetry;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Freeing;

/// <summary>
/// The thread that frees what was deleted and takes long to free: flushed databases, cleared slots, large values. It
/// holds no stripe for longer than it takes to look at one large value.
/// </summary>
public sealed class BackgroundFreeing
{
    private readonly FreeingQueue _queue;
    private readonly ServerConfig _config;

    // Guards the thread and the two flags. A leaf: taken under stripes, by whoever deletes.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(BackgroundFreeing));
    private readonly AutoResetEvent _wake = new(initialState: false);
    private Thread? _thread;
    private bool _isStopping;

    /// <summary>Frees what a keyspace leaves, and tells INFO.</summary>
    internal BackgroundFreeing(Keyspace keyspace, ServerConfig config, InfoRegistry info)
    {
        _queue = keyspace.Freeing;
        _config = config;
        _queue.OnWork = Wake;
        info.Add("memory", section =>
        {
            section.Field("lazyfree_pending_objects", _queue.PendingObjects);
            section.Field("lazyfreed_objects", _queue.FreedObjects);
        });
        info.AddReset(_queue.ResetFreedObjects);
    }

    /// <summary>
    /// True when the value of a key that is deleted for this reason is freed as UNLINK does it: the directives
    /// <c>lazyfree-lazy-*</c>.
    /// </summary>
    public bool IsLazy(DeleteReason reason) => reason switch
    {
        DeleteReason.Command => _config.LazyFreeLazyUserDel,
        DeleteReason.Expired or DeleteReason.ExpiredByCommand => _config.LazyFreeLazyExpire,
        DeleteReason.Evicted => _config.LazyFreeLazyEviction,
        _ => _config.LazyFreeLazyServerDel,
    };

    /// <summary>Frees all that waits, on the calling thread, which holds no lock.</summary>
    public void FreeAll()
    {
        while (_queue.FreeSome())
        {
        }
    }

    /// <summary>
    /// Calls back when everything is freed that was deleted before this call and that no snapshot needs; on the thread
    /// that frees, under no stripe. Any thread.
    /// </summary>
    public void WhenFreed(Action done) => _queue.WhenFreed(done);

    /// <summary>Ends the thread. What is not freed by then is left to the end of the process.</summary>
    public void Stop()
    {
        LockOrder.AssertMayBlock("waiting for the freeing thread");
        Thread? thread;
        using (_lock.Enter())
        {
            _isStopping = true;
            thread = _thread;
        }

        _wake.Set();
        thread?.Join();
    }

    /// <summary>
    /// Starts the thread, if it does not run yet: later there may be no descriptor to start one with. At the server's
    /// start; otherwise it starts with the first work.
    /// </summary>
    public void Prepare()
    {
        using (_lock.Enter())
        {
            if (_thread is not null || _isStopping) return;
            var thread = new Thread(Run) { IsBackground = true, Name = "lazyfree" };
            if (thread.TryStart()) _thread = thread;
        }
    }

    private void Wake()
    {
        Prepare();
        _wake.Set();
    }

    private void Run()
    {
        while (!Volatile.Read(ref _isStopping))
        {
            if (!_queue.FreeSome()) _wake.WaitOne();
        }
    }
}
