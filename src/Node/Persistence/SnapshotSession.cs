using Starling.Slots;

namespace Starling.Node.Persistence;

/// <summary>One snapshot on its way to a target. Any thread may look at it, wait for it or cancel it.</summary>
public sealed class SnapshotSession
{
    // Guards the state and the error. Taken with or without stripes held; nothing else is taken under it.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(SnapshotSession));
    private readonly CancellationTokenSource _cancellation = new();
    private readonly ManualResetEventSlim _ended = new();

    internal SnapshotSession(ISnapshotTarget target, SnapshotOptions options)
    {
        Target = target;
        Options = options;
    }

    /// <summary>How far it is.</summary>
    public SnapshotState State { get; private set; }

    /// <summary>True when it has ended, whatever way.</summary>
    public bool HasEnded => State >= SnapshotState.Completed;

    /// <summary>Why it failed; null otherwise.</summary>
    public string? Error { get; private set; }

    /// <summary>What <see cref="SnapshotOptions.OnStart"/> answered; null before the start.</summary>
    public ReplicationPosition? Position { get; private set; }

    internal ISnapshotTarget Target { get; }

    internal SnapshotOptions Options { get; }

    /// <summary>Its target is the RDB file.</summary>
    internal bool IsFile { get; init; }

    /// <summary>It is DEBUG RELOAD's own, which has the loading turn.</summary>
    internal bool IsReload { get; init; }

    /// <summary>Nobody waits for it: it is logged as a background save.</summary>
    internal bool IsBackground { get; init; }

    internal CancellationToken Cancellation => _cancellation.Token;

    /// <summary>Keys in all databases at the start.</summary>
    internal long KeysTotal { get; private set; }

    /// <summary>Keys that went to the target.</summary>
    internal long KeysWritten { get; set; }

    /// <summary>Most bytes that waited for the target at once.</summary>
    internal long PeakBufferedBytes { get; set; }

    /// <summary>Time of the start in milliseconds of Unix time; 0 before it.</summary>
    internal long StartedAt { get; private set; }

    /// <summary>Asks it to end. Returns at once; a snapshot that is past its last byte may still complete.</summary>
    public void Cancel() => _cancellation.Cancel();

    /// <summary>Waits for the end; false when the time is up first. Not to be called with a stripe held.</summary>
    public bool Wait(TimeSpan timeout)
    {
        LockOrder.AssertMayBlock("waiting for a snapshot");
        return _ended.Wait(timeout, CancellationToken.None);
    }

    internal void Begin(SnapshotWork work)
    {
        using (_lock.Enter())
        {
            State = SnapshotState.Running;
            StartedAt = work.StartedAt;
            KeysTotal = work.KeysTotal;
            Position = work.Position;
        }
    }

    internal void End(SnapshotState state, string? error)
    {
        using (_lock.Enter())
        {
            State = state;
            Error = error;
        }

        Options.OnEnd?.Invoke(this);
        _ended.Set();
    }
}
