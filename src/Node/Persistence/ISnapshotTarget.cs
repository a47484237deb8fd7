namespace Starling.Node.Persistence;

/// <summary>
/// Where the bytes of a snapshot go. Every call comes from the saver thread, under no lock; a call may block and
/// thereby slows the
/// saver only, never a writer. <see cref="IOException"/> thrown by a call fails the snapshot; any other exception is a
/// fault.
/// </summary>
public interface ISnapshotTarget
{
    /// <summary>Takes the next bytes of the RDB stream; they are valid during the call only.</summary>
    /// <param name="bytes">At least one byte.</param>
    /// <param name="cancellation">Set when the snapshot was cancelled: a blocked call throws OperationCanceledException
    /// then.</param>
    void Write(ReadOnlySpan<byte> bytes, CancellationToken cancellation);

    /// <summary>
    /// The stream is complete: make it durable or hand it over. The snapshot succeeds when this returns.
    /// </summary>
    /// <param name="cancellation">As for <see cref="Write"/>.</param>
    void Complete(CancellationToken cancellation);

    /// <summary>
    /// The snapshot failed or was cancelled, perhaps before its first byte: give up what was written. Called at most
    /// once, instead
    /// of a successful <see cref="Complete"/>. Must not throw.
    /// </summary>
    void Abandon();
}
