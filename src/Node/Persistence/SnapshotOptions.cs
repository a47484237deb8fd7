namespace Starling.Node.Persistence;

/// <summary>How a snapshot is taken.</summary>
public sealed class SnapshotOptions
{
    /// <summary>
    /// Called once, under every stripe, at the moment that the snapshot stands for; what it returns is written into the
    /// stream's header.
    /// A full synchronisation attaches its cursor to the log here. Null means
    /// <see cref="PersistenceService.PositionSource"/>.
    /// </summary>
    public Func<ReplicationPosition?>? OnStart { get; init; }

    /// <summary>
    /// Called once after that moment, when the stripes that were taken for it have gone, and before the target gets its
    /// first byte. On the thread that took the moment.
    /// </summary>
    public Action? OnStarted { get; init; }

    /// <summary>Called once when the snapshot has ended, whatever way, on the saver thread, under no lock.</summary>
    public Action<SnapshotSession>? OnEnd { get; init; }

    /// <summary>The slots whose keys it has; null means all.</summary>
    public IReadOnlyCollection<int>? Slots { get; init; }

    /// <summary>Compresses strings; null means the directive <c>rdbcompression</c>.</summary>
    public bool? Compression { get; init; }

    /// <summary>Ends the stream with its CRC64 instead of zero; null means the directive <c>rdbchecksum</c>.</summary>
    public bool? Checksum { get; init; }
}
