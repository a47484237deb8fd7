using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>One process of the simulation: its machine while it runs, its disk always.</summary>
internal sealed class SimulatedNode(int index, ClusterOptions options)
{
    public int Index { get; } = index;

    public string Ip { get; } = $"10.0.{index / 250}.{(index % 250) + 1}";

    public ClusterOptions Options { get; } = options;

    public ClusterMachine Machine { get; set; } = null!;

    public EffectList Effects { get; } = new();

    public SortedDictionary<long, SimulatedLink> Links { get; } = [];

    public bool IsAlive { get; set; }

    public long PausedUntil { get; set; }

    /// <summary>Counts the starts; what was meant for an earlier life does not reach a later one.</summary>
    public int Life { get; set; }

    /// <summary>nodes.conf as it would be found after a power cut.</summary>
    public string Disk { get; set; } = "";

    /// <summary>currentEpoch on the disk.</summary>
    public ulong DurableEpoch { get; set; }

    /// <summary>lastVoteEpoch on the disk.</summary>
    public ulong DurableVote { get; set; }

    /// <summary>nodes.conf was written since, but not synced.</summary>
    public bool HasUnsyncedFile { get; set; }

    public ClusterView View { get; set; } = null!;

    public ClusterView? CheckedView { get; set; }

    public long TickAt { get; set; } = long.MaxValue;

    public long ReplicationOffset { get; set; }

    public NodeId ReplicatesFrom { get; set; }

    public long LastMasterContactAt { get; set; }

    public long WritesPausedUntil { get; set; }

    /// <summary>Where <see cref="ReplicatesFrom"/> listens.</summary>
    public (string Host, int Port)? MasterAddress { get; set; }

    /// <summary>A synchronisation with the master has ended, and the stream flows.</summary>
    public bool IsLinkUp { get; set; }

    /// <summary>A snapshot was loaded by half.</summary>
    public bool IsDataIncomplete { get; set; }

    /// <summary>The replication link does not come up, though the bus works.</summary>
    public bool IsReplicationStalled { get; set; }

    public void UpdateLocal(long now) => Machine.Local = new LocalStatus
    {
        ReplicationOffset = ReplicationOffset,
        MasterDataAge = now - LastMasterContactAt,
        WritesPaused = WritesPausedUntil > now,
        Master = MasterAddress,
        IsLinkUp = IsLinkUp && !ReplicatesFrom.IsNone,
        IsDataIncomplete = IsDataIncomplete,
    };
}
