using Microsoft.Extensions.Logging;
using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Slots;

namespace Starling.Node;

/// <summary>
/// Shuts a server down in order: holds back writes, waits for lagging replicas, saves, stops the parts. One shutdown
/// runs at a time,
/// on a thread of its own; while it waits for replicas it can be aborted.
/// </summary>
public sealed class ShutdownService
{
    private const string PauseReason = "shutdown";
    private static readonly TimeSpan PollPeriod = TimeSpan.FromMilliseconds(10);

    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly PersistenceService _persistence;
    private readonly Action _stop;
    private readonly ILogger _log;

    // Guards the fields below; nothing else is taken under it.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(ShutdownService));
    private readonly List<Action> _onFailure = [];
    private readonly AutoResetEvent _wanted = new(initialState: false);
    private ManualResetEventSlim? _abort;
    private ShutdownFlags _flags;
    private bool _hasThread;

    /// <summary>Makes the service.</summary>
    /// <param name="basics">What the node stands on.</param>
    /// <param name="executor">Tells when no write runs any more.</param>
    /// <param name="persistence">Saves the data set.</param>
    /// <param name="stop">Stops every part.</param>
    public ShutdownService(NodeBasics basics, Executor executor, PersistenceService persistence, Action stop)
    {
        (_basics, _executor, _persistence, _stop) = (basics, executor, persistence, stop);
        _log = basics.Loggers.CreateLogger("shutdown");
    }

    /// <summary>Lists the replicas and how far they are behind. Set by replication.</summary>
    public Func<IReadOnlyList<ReplicaLag>> Replicas { get; set; } = () => [];

    /// <summary>Tells whether keys are on their way to another node. Set by MIGRATE's service.</summary>
    public Func<bool> IsMigrating { get; set; } = () => false;

    /// <summary>
    /// Ends a script that runs for long, whatever it has done, and has nobody hear of that; false when there is none. Set by the node.
    /// </summary>
    public Func<bool> EndScripts { get; set; } = () => false;

    /// <summary>Gets notifications for the process supervisor, such as "STOPPING=1". Set by the executable.</summary>
    public Action<string> NotifySupervisor { get; set; } = _ => { };

    /// <summary>Ends the process once everything is stopped. Set by the executable.</summary>
    public Action Exit { get; set; } = () => { };

    /// <summary>True from the moment a shutdown is asked for until it fails or is aborted.</summary>
    public bool IsUnderWay
    {
        get
        {
            using (_lock.Enter()) return _abort is not null;
        }
    }

    /// <summary>Reads words such as "nosave now" as flags; "default" is none.</summary>
    public static ShutdownFlags ParseFlags(string words)
    {
        var flags = ShutdownFlags.None;
        foreach (var word in words.Split(' '))
        {
            flags |= word switch
            {
                "save" => ShutdownFlags.Save,
                "nosave" => ShutdownFlags.NoSave,
                "now" => ShutdownFlags.Now,
                "force" => ShutdownFlags.Force,
                _ => ShutdownFlags.None,
            };
        }

        return flags;
    }

    /// <summary>
    /// Starts the thread that shutdowns run on: when one is asked for there may be no descriptor to start it with. At
    /// the server's start.
    /// </summary>
    public void Prepare()
    {
        using (_lock.Enter())
        {
            if (_hasThread) return;
            new Thread(RunAll) { Name = "shutdown", IsBackground = true }.Start();
            _hasThread = true;
        }
    }

    /// <summary>
    /// Begins a shutdown, or joins the one under way, and returns at once. Any thread, with or without stripes.
    /// </summary>
    /// <param name="flags">How; ignored when one is under way.</param>
    /// <param name="onFailure">Called once, on the thread of the shutdown, when it fails or is aborted.</param>
    public void Begin(ShutdownFlags flags, Action? onFailure = null)
    {
        using (_lock.Enter())
        {
            if (onFailure is not null) _onFailure.Add(onFailure);
            if (_abort is not null) return;
            _abort = new ManualResetEventSlim();
            _flags = flags;
        }

        Prepare();
        _wanted.Set();
    }

    /// <summary>Aborts the shutdown that is under way. False when there is none, or when it is past waiting.</summary>
    public bool TryAbort()
    {
        using (_lock.Enter())
        {
            if (_abort is null || _abort.IsSet) return false;
            _abort.Set();
        }

        return true;
    }

    private void RunAll()
    {
        while (true)
        {
            _wanted.WaitOne();
            ShutdownFlags flags;
            ManualResetEventSlim? abort;
            using (_lock.Enter()) (flags, abort) = (_flags, _abort);
            if (abort is not null && Run(flags, abort)) return;
        }
    }

    /// <summary>False when the server goes on.</summary>
    private bool Run(ShutdownFlags flags, ManualResetEventSlim abort)
    {
        // What is half loaded must not replace the file that it comes from.
        if (_persistence.IsLoading) flags = (flags & ~ShutdownFlags.Save) | ShutdownFlags.NoSave;
        ServerLog.ShutdownRequested(_log);
        NotifySupervisor("STOPPING=1\n");
        _basics.Clients.PauseWrites(PauseReason, long.MaxValue);

        // Whoever got past the gate before the pause holds its stripes: once all of them were free, nothing is appended
        // to the replication stream any more, and its end is what the replicas must have and the file will say.
        var isHard = (flags & ShutdownFlags.NoSave) != 0 && EndScripts();
        _executor.Open(LockPlan.All).Dispose();
        if ((isHard || WaitForReplicas(flags, abort)) && TrySave(flags))
        {
            Finish();
            return true;
        }

        Action[] failed;
        using (_lock.Enter())
        {
            failed = [.. _onFailure];
            _onFailure.Clear();
            _abort = null;
        }

        _basics.Clients.Unpause(PauseReason);
        foreach (var action in failed) action();
        return false;
    }

    /// <summary>False when the shutdown was aborted meanwhile.</summary>
    private bool WaitForReplicas(ShutdownFlags flags, ManualResetEventSlim abort)
    {
        var timeout = _basics.Config.ShutdownTimeout;
        if ((flags & ShutdownFlags.Now) == 0 && timeout > 0 && MustWait())
        {
            // Asking them to acknowledge would move the stream's end; they do so once a second.
            var deadline = _basics.NowMilliseconds + (timeout * 1000L);
            LockOrder.AssertMayBlock("waiting for the replicas");
            ServerLog.WaitingForReplicas(_log);
            while (_basics.NowMilliseconds < deadline && MustWait() && !abort.Wait(PollPeriod))
            {
            }
        }

        using (_lock.Enter())
        {
            if (!abort.IsSet)
            {
                // From here on it cannot be aborted any more.
                abort.Set();
                return true;
            }
        }

        ServerLog.ShutdownAborted(_log);
        return false;
    }

    /// <summary>A replica lacks something, or a MIGRATE under way still has to delete here what it moved.</summary>
    private bool MustWait() => IsMigrating() || Replicas().Any(replica => replica.BytesBehind != 0);

    private bool TrySave(ShutdownFlags flags)
    {
        LogReplicas();
        var wantsSave = (flags & ShutdownFlags.Save) != 0
            || (_basics.Config.Save.Count > 0 && (flags & ShutdownFlags.NoSave) == 0);
        if (!wantsSave) return true;
        ServerLog.SavingBeforeExit(_log);
        NotifySupervisor("STATUS=Saving the final RDB snapshot\n");
        if (_persistence.SaveOnShutdown()) return true;
        if ((flags & ShutdownFlags.Force) != 0)
        {
            ServerLog.SaveFailedExitAnyway(_log);
            return true;
        }

        ServerLog.SaveFailedCannotExit(_log);
        NotifySupervisor("STATUS=Error trying to save the DB, can't exit.\n");
        ServerLog.ShutdownFailed(_log);
        return false;
    }

    private void LogReplicas()
    {
        var replicas = Replicas();
        var inSync = 0;
        foreach (var replica in replicas)
        {
            if (replica.BytesBehind == 0) inSync++;
            else ServerLog.LaggingReplica(_log, replica.Name, replica.BytesBehind, replica.SecondsSinceAcknowledged, replica.State);
        }

        if (replicas.Count > 0) ServerLog.ReplicasInSync(_log, inSync, replicas.Count);
    }

    private void Finish()
    {
        RemovePidFile();
        _stop();
        ServerLog.ReadyToExit(_log);
        Exit();
    }

    private void RemovePidFile()
    {
        if (_basics.Config.PidFile is not { } file) return;
        ServerLog.RemovingPidFile(_log);
        LockOrder.AssertMayBlock("deleting a file");
        try
        {
            File.Delete(_basics.Config.PathOf(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ServerLog.PidFileNotRemoved(_log, SystemErrors.Explain(e));
        }
    }
}
