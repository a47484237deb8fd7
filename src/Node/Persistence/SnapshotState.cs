namespace Starling.Node.Persistence;

/// <summary>How far a snapshot is.</summary>
public enum SnapshotState
{
    /// <summary>Waits until the RDB file is free; its moment is yet to come.</summary>
    Queued,

    /// <summary>Its moment is taken; bytes are on their way.</summary>
    Running,

    /// <summary>The target has everything.</summary>
    Completed,

    /// <summary>The target failed; see <see cref="SnapshotSession.Error"/>.</summary>
    Failed,

    /// <summary>Somebody cancelled it.</summary>
    Cancelled,
}
