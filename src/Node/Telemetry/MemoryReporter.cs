using Starling.Node.Maintenance;
using Starling.Node.Replication;

namespace Starling.Node.Telemetry;

/// <summary>Tells what the memory is used for, for INFO and MEMORY.</summary>
internal sealed class MemoryReporter(NodeBasics basics, ReplicationService replication, ActiveDefragmentation defragmentation)
{
    private long _clusterLinkBytes;

    /// <summary>Bytes of the output of the cluster bus, as they were noted last.</summary>
    public long ClusterLinkBytes
    {
        get => Interlocked.Read(ref _clusterLinkBytes);
        set => Interlocked.Exchange(ref _clusterLinkBytes, value);
    }

    /// <summary>What it is used for now. Any thread.</summary>
    public MemoryReport Report()
    {
        basics.Memory.Sample();
        var peak = basics.Memory.NotePeak();
        var used = Math.Min(basics.Memory.UsedBytes, peak);
        var native = defragmentation.Usage;
        var managed = Math.Max(GC.GetGCMemoryInfo().TotalCommittedBytes, used - native.Used);
        var (replicas, clients) = ClientBytes(basics);
        return new MemoryReport(
            used,
            peak,
            basics.Memory.StartBytes,
            basics.Keyspace.UsedBytes,
            native.Active + managed,
            native.Resident + managed,
            ProcessStatistics.ResidentBytes,
            replication.Log.HasBacklog ? basics.Config.ReplBacklogSize : 0,
            replicas,
            clients);
    }

    /// <summary>Gives free native memory back to the system, all but a reserve.</summary>
    public void Purge() => defragmentation.Purge();

    /// <summary>What the two allocators say of themselves, line by line.</summary>
    public string DescribeAllocators()
    {
        var native = defragmentation.Usage;
        var managed = GC.GetGCMemoryInfo();
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"""
            native: used {native.Used}, active {native.Active}, resident {native.Resident}, reclaimable {native.Reclaimable}
            managed: committed {managed.TotalCommittedBytes}, heap {managed.HeapSizeBytes}, collections {managed.Index}

            """);
    }

    /// <summary>What the connections of replicas, and those of others, take for input and output.</summary>
    public static (long Replicas, long Others) ClientBytes(NodeBasics basics)
    {
        long replicas = 0, others = 0;
        foreach (var connection in basics.Clients.Snapshot())
        {
            var bytes = connection.InputCapacity + connection.PendingBytes;
            if (connection.Session.Kind == ClientKind.Replica) replicas += bytes;
            else others += bytes;
        }

        return (replicas, others);
    }
}
