namespace Starling.Node.Persistence;

/// <summary>One snapshot on its way to a target. Any thread may look at it, wait for it or cancel it.</summary>
public sealed class SnapshotSession
{
    // Guards the state. Taken with or without stripes held; nothing else is taken under it.
    private readonly Lock _lock = new();
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
    public ReplicationPosition? Position { get; internal set; }

    internal ISnapshotTarget Target { get; }

    internal SnapshotOptions Options { get; }

    internal CancellationToken Cancellation => _cancellation.Token;

    /// <summary>Time of the start in milliseconds of Unix time.</summary>
    internal long StartedAt { get; set; }

    /// <summary>Keys in all databases at the start.</summary>
    internal long KeysTotal { get; set; }

    /// <summary>Keys that went to the target.</summary>
    internal long KeysWritten { get; set; }

    /// <summary>Most bytes that waited for the target at once.</summary>
    internal long PeakBufferedBytes { get; set; }

    /// <summary>Changes since the last save at the start.</summary>
    internal long ChangesAtStart { get; set; }

    /// <summary>Asks it to end. Returns at once; a snapshot that is past its last byte may still complete.</summary>
    public void Cancel() => _cancellation.Cancel();

    /// <summary>Waits for the end; false when the time is up first. Not to be called with a stripe held.</summary>
    public bool Wait(TimeSpan timeout) => _ended.Wait(timeout);

    internal void Begin()
    {
        lock (_lock) State = SnapshotState.Running;
    }

    internal void End(SnapshotState state, string? error)
    {
        lock (_lock)
        {
            State = state;
            Error = error;
        }

        Options.OnEnd?.Invoke(this);
        _ended.Set();
    }
}
