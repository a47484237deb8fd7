using Starling.ClusterBus.View;

namespace Starling.Node.Cluster;

/// <summary>Makes routing tables from views of the cluster.</summary>
internal static class RoutingTables
{
    /// <summary>The table for a view.</summary>
    /// <param name="view">The view.</param>
    /// <param name="endpointType">cluster-preferred-endpoint-type.</param>
    /// <param name="unclean">
    /// Slots that still have keys from a former time as this node's: served by it only when they are gone.
    /// </param>
    public static RoutingTable From(ClusterView view, string endpointType, SlotSet? unclean)
    {
        var builder = new RoutingTableBuilder { IsOk = view.Health == ClusterHealth.Ok };
        var numbers = new Dictionary<NodeId, int>(view.Nodes.Count);
        foreach (var node in view.Nodes)
        {
            if (node.IsInHandshake && !node.IsMyself) continue;
            numbers.Add(node.Id, builder.AddNode(EndpointOf(node, endpointType) ?? "", node.Address.ClientPort));
        }

        builder.Myself = numbers[view.Myself.Id];
        if (view.Myself.IsReplica && numbers.TryGetValue(view.Myself.MasterId, out var master)) builder.Master = master;
        foreach (var (id, number) in numbers)
        {
            foreach (var (first, last) in view.Find(id)!.Slots.Ranges()) builder.SetOwner(first, last, number);
        }

        for (var slot = unclean?.Next(0) ?? -1; slot >= 0; slot = unclean!.Next(slot + 1))
        {
            if (view.OwnerOf(slot) == view.Myself) builder.SetOwner(slot, RoutingTable.NoNode);
        }

        foreach (var (slot, target) in view.Migrating)
        {
            if (numbers.TryGetValue(target, out var number)) builder.SetMigrating(slot, number);
        }

        foreach (var (slot, source) in view.Importing)
        {
            if (unclean?.Contains(slot) != true && numbers.TryGetValue(source, out var number))
                builder.SetImporting(slot, number);
        }

        return builder.Build();
    }

    /// <summary>
    /// What clients are told to connect to: the address, the host name or "?", or null when that is to be unknown.
    /// </summary>
    public static string? EndpointOf(NodeRecord node, string endpointType) => endpointType switch
    {
        "hostname" => node.Hostname.Length > 0 ? node.Hostname : "?",
        "unknown-endpoint" => null,
        _ => node.Address.Ip,
    };
}
