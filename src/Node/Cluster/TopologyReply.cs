using Starling.ClusterBus.Host;
using Starling.ClusterBus.View;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Cluster;

/// <summary>The replies of CLUSTER SLOTS, SHARDS and LINKS.</summary>
internal static class TopologyReply
{
    /// <summary>CLUSTER SLOTS: ranges of slots, each with its master and the replicas that can be read from.</summary>
    public static void Slots(CommandContext call, ClusterView view)
    {
        var reply = call.Reply;
        var mark = reply.BeginArray();
        var count = 0;
        for (var first = 0; first < HashSlot.Count;)
        {
            var owner = view.OwnerOf(first);
            var next = first + 1;
            while (next < HashSlot.Count && view.OwnerOf(next) == owner) next++;
            if (owner is not null)
            {
                SlotRange(call, view, owner, first, next - 1);
                count++;
            }

            first = next;
        }

        reply.EndArray(mark, count);
    }

    /// <summary>CLUSTER SHARDS: the shards, each with its slots and its nodes.</summary>
    public static void Shards(CommandContext call, ClusterView view)
    {
        var shards = new Dictionary<NodeId, List<NodeRecord>>();
        foreach (var node in view.Nodes)
        {
            if (node.IsInHandshake) continue;
            var shard = !node.ShardId.IsNone ? node.ShardId : MasterOf(view, node).Id;
            if (!shards.TryGetValue(shard, out var members)) shards.Add(shard, members = []);
            members.Add(node);
        }

        var reply = call.Reply;
        reply.Array(shards.Count);
        foreach (var members in shards.Values)
        {
            reply.Map(2);
            reply.Bulk("slots"u8);
            var healthy = members.Find(node => !node.IsFailing);
            var ranges = healthy is null ? [] : MasterOf(view, healthy).Slots.Ranges().ToArray();
            reply.Array(ranges.Length * 2);
            foreach (var (first, last) in ranges)
            {
                reply.Integer(first);
                reply.Integer(last);
            }

            reply.Bulk("nodes"u8);
            reply.Array(members.Count);
            foreach (var node in members) Member(call, node);
        }
    }

    /// <summary>CLUSTER LINKS.</summary>
    public static void Links(RespWriter reply, List<LinkDescription> links)
    {
        reply.Array(links.Count);
        foreach (var link in links)
        {
            reply.Map(6);
            reply.Bulk("direction"u8);
            reply.Bulk(link.IsInbound ? "from"u8 : "to"u8);
            reply.Bulk("node"u8);
            reply.Bulk(link.Node.ToString());
            reply.Bulk("create-time"u8);
            reply.Integer(link.CreatedAt);
            reply.Bulk("events"u8);
            reply.Bulk(link.IsWriting ? "rw"u8 : "r"u8);
            reply.Bulk("send-buffer-allocated"u8);
            reply.Integer(link.SendBufferAllocated);
            reply.Bulk("send-buffer-used"u8);
            reply.Integer(link.SendBufferUsed);
        }
    }

    private static void SlotRange(CommandContext call, ClusterView view, NodeRecord owner, int first, int last)
    {
        var replicas = view.ReplicasOf(owner.Id)
            .Where(replica => !replica.IsFailing && OffsetOf(call, replica) != 0).ToArray();
        var reply = call.Reply;
        reply.Array(3 + replicas.Length);
        reply.Integer(first);
        reply.Integer(last);
        Address(call, owner);
        foreach (var replica in replicas) Address(call, replica);
    }

    private static void Address(CommandContext call, NodeRecord node)
    {
        var reply = call.Reply;
        var type = call.Node.Config.ClusterPreferredEndpointType;
        reply.Array(4);
        if (RoutingTables.EndpointOf(node, type) is { } endpoint) reply.Bulk(endpoint);
        else reply.Null();
        reply.Integer(node.Address.ClientPort);
        reply.Bulk(node.Id.ToString());
        var hasIp = type is "hostname" or "unknown-endpoint";
        var hasHostname = type != "hostname" && node.Hostname.Length > 0;
        reply.Map((hasIp ? 1 : 0) + (hasHostname ? 1 : 0));
        if (hasIp)
        {
            reply.Bulk("ip"u8);
            reply.Bulk(node.Address.Ip);
        }

        if (!hasHostname) return;
        reply.Bulk("hostname"u8);
        reply.Bulk(node.Hostname);
    }

    private static void Member(CommandContext call, NodeRecord node)
    {
        var reply = call.Reply;
        var (port, tlsPort) = (node.Address.Port, node.Address.TlsPort);
        reply.Map(6 + (port != 0 ? 1 : 0) + (tlsPort != 0 ? 1 : 0) + (node.Hostname.Length > 0 ? 1 : 0));
        reply.Bulk("id"u8);
        reply.Bulk(node.Id.ToString());
        if (port != 0)
        {
            reply.Bulk("port"u8);
            reply.Integer(port);
        }

        if (tlsPort != 0)
        {
            reply.Bulk("tls-port"u8);
            reply.Integer(tlsPort);
        }

        reply.Bulk("ip"u8);
        reply.Bulk(node.Address.Ip);
        reply.Bulk("endpoint"u8);
        reply.Bulk(RoutingTables.EndpointOf(node, call.Node.Config.ClusterPreferredEndpointType) ?? "");
        if (node.Hostname.Length > 0)
        {
            reply.Bulk("hostname"u8);
            reply.Bulk(node.Hostname);
        }

        var offset = OffsetOf(call, node);
        reply.Bulk("role"u8);
        reply.Bulk(node.IsReplica ? "replica"u8 : "master"u8);
        reply.Bulk("replication-offset"u8);
        reply.Integer(offset);
        reply.Bulk("health"u8);
        if (node.IsFailing) reply.Bulk("fail"u8);
        else reply.Bulk(node.IsReplica && offset == 0 ? "loading"u8 : "online"u8);
    }

    private static NodeRecord MasterOf(ClusterView view, NodeRecord node) =>
        node.IsReplica && view.Find(node.MasterId) is { } master ? master : node;

    // What a node says of itself is not in its own view.
    private static long OffsetOf(CommandContext call, NodeRecord node) =>
        node.IsMyself ? call.Node.Replication.Offset : node.ReplicationOffset;
}
