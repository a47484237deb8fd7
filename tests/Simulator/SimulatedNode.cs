using Starling.ClusterBus.Host;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>One process of the simulation: its machine while it runs, its clocks, its disk and its data.</summary>
internal sealed class SimulatedNode
{
    public SimulatedNode(Simulation simulation, int index, ClusterOptions options)
    {
        Index = index;
        Ip = $"10.0.{index / 250}.{(index % 250) + 1}";
        Options = options;
        Clock = new SimulatedClock(simulation);
        Disk = new SimulatedDisk(simulation, this);
        Server = new SimulatedServer(simulation, this);
        Logger = new SimulatedLogger(simulation, this);
        History = new DataHistory(parent: null, forkedAt: 0);
    }

    public int Index { get; }

    public string Ip { get; }

    /// <summary>The directives; what is changed here is in force at the next heartbeat.</summary>
    public ClusterOptions Options { get; set; }

    public SimulatedClock Clock { get; }

    public SimulatedDisk Disk { get; }

    public SimulatedServer Server { get; }

    public SimulatedLogger Logger { get; }

    public ClusterMachine Machine { get; set; } = null!;

    /// <summary>Calls the machine and carries out its effects: the code of the real host.</summary>
    public MachineDriver Driver { get; set; } = null!;

    /// <summary>Where a call of the machine puts its effects.</summary>
    public EffectList Effects => Driver.Effects;

    public Dictionary<long, SimulatedLink> Links { get; } = [];

    public bool IsAlive { get; set; }

    public long PausedUntil { get; set; }

    /// <summary>Counts the starts; what was meant for an earlier life does not reach a later one.</summary>
    public int Life { get; set; }

    public long StartedAt { get; set; }

    /// <summary>Effects still to be carried out before the process dies; negative when it is to live.</summary>
    public int CrashAfter { get; set; } = -1;

    /// <summary>The view that the clients' threads go by.</summary>
    public ClusterView View { get; set; } = null!;

    /// <summary>It has started: clients and replicas are answered.</summary>
    public bool IsServing { get; set; }

    public ClusterView? CheckedView { get; set; }

    public long TickAt { get; set; } = long.MaxValue;

    /// <summary>Which writes the data set has: all of that history up to <see cref="ReplicationOffset"/>.</summary>
    public DataHistory History { get; set; }

    public long ReplicationOffset { get; set; }

    public NodeId ReplicatesFrom { get; set; }

    /// <summary>Where <see cref="ReplicatesFrom"/> listens.</summary>
    public (string Host, int Port)? MasterAddress { get; set; }

    /// <summary>It goes on as a replica without a link to its master, until it becomes a master or is told whom to follow.</summary>
    public bool HasLeftMaster { get; set; }

    /// <summary>A synchronisation with the master has ended, and the stream flows.</summary>
    public bool IsLinkUp { get; set; }

    /// <summary>It flowed at some time since this master is followed.</summary>
    public bool HasSynchronized { get; set; }

    /// <summary>The master of another shard that this replica moves to.</summary>
    public NodeId MovesTo { get; set; }

    /// <summary>It has moved to another shard, and has not loaded that one's data yet: its own count no more.</summary>
    public bool IsOfAnotherShard { get; set; }

    /// <summary>The last config epoch that it was given: by a majority, or at the very start.</summary>
    public ulong AgreedEpoch { get; set; }

    /// <summary>It has won an election, and is about to go on as a master by that.</summary>
    public bool IsElected { get; set; }

    /// <summary>A snapshot is being loaded, or was loaded by half.</summary>
    public bool IsDataIncomplete { get; set; }

    /// <summary>The replication link does not come up, though the bus works.</summary>
    public bool IsReplicationStalled { get; set; }

    /// <summary>When the replica is done with loading its master's snapshot; 0 when it does not load.</summary>
    public long LoadingUntil { get; set; }

    public long LastMasterContactAt { get; set; }

    public long WritesPausedUntil { get; set; }

    /// <summary>This replica is to take over by a manual failover that waits for its master's writes.</summary>
    public bool IsHandoverAsked { get; set; }

    /// <summary>The master, with its writes paused, for whose place this replica has asked the votes; null for none.</summary>
    public SimulatedNode? HandsOverFrom { get; set; }

    /// <summary>The master's stream flows and brings nothing new before that moment of virtual time.</summary>
    public long StreamHeldUntil { get; set; }

    /// <summary>When a packet of another node, by its index, arrived last in this life; 0 when none has.</summary>
    public long[] HeardAt { get; set; } = [];
}
