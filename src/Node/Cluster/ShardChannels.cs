using Starling.ClusterBus.View;
using Starling.Node.Execution;
using Starling.Node.PubSub;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Cluster;

/// <summary>
/// Ends the subscriptions to shard channels whose slots this node's shard has lost, and tells their clients, so that they subscribe
/// where the slots are now.
/// </summary>
internal sealed class ShardChannels(Executor executor, Publisher publisher)
{
    // Its pushes never end: whoever gets one is subscribed no more by then.
    private static readonly PushSource Endless = new();

    // Guards the slots that were lost and are not looked at yet. A leaf.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(ShardChannels));
    private SlotSet _lost = new();

    /// <summary>
    /// The view of the cluster has changed. True when <see cref="EndLost"/> has something to do. With the lock of the last view held.
    /// </summary>
    public bool Note(ClusterView former, ClusterView view)
    {
        var lost = LostBetween(former, view);
        if (lost.IsEmpty) return false;
        using (_lock.Enter())
        {
            foreach (var (first, last) in lost.Ranges())
                for (var slot = first; slot <= last; slot++) _lost.Add(slot);
        }

        return true;
    }

    /// <summary>Ends the subscriptions to what was lost. With no lock held.</summary>
    public void EndLost()
    {
        SlotSet lost;
        using (_lock.Enter()) (lost, _lost) = (_lost, new SlotSet());

        // Whoever passed the gate before the slots went holds their stripes, until it is subscribed.
        executor.Open(LockPlan.All).Dispose();
        var told = new List<(Subscriber Subscriber, byte[] Name, int Count)>();
        foreach (var name in publisher.Table.NamesOf(SubscriptionKind.ShardChannel))
        {
            if (!lost.Contains(HashSlot.Of(name))) continue;
            publisher.Table.RemoveShardChannel(
                name, (subscriber, channel) => told.Add((subscriber, channel, subscriber.Count(SubscriptionKind.ShardChannel))));
        }

        foreach (var (subscriber, name, count) in told) Tell(subscriber.Connection, name, count);
    }

    /// <summary>
    /// The slots that were the shard's and are not any more, those aside that a replica takes over from its master; for who becomes a
    /// replica, every slot that is not its master's.
    /// </summary>
    private static SlotSet LostBetween(ClusterView former, ClusterView view)
    {
        var lost = new SlotSet();
        var (before, after) = (former.Myself, view.Myself);
        var owner = before.IsReplica ? former.Find(before.MasterId) : before;
        if (owner is not null)
        {
            var kept = view.Find(owner.Id)?.Slots ?? new SlotSet();
            for (var slot = owner.Slots.Next(0); slot >= 0; slot = owner.Slots.Next(slot + 1))
                if (!kept.Contains(slot) && !after.Slots.Contains(slot)) lost.Add(slot);
        }

        if (!after.IsReplica || (before.IsReplica && before.MasterId == after.MasterId)) return lost;
        var masters = view.Find(after.MasterId)?.Slots ?? new SlotSet();
        for (var slot = 0; slot < HashSlot.Count; slot++)
            if (!masters.Contains(slot)) lost.Add(slot);
        return lost;
    }

    private static void Tell(ClientConnection connection, byte[] name, int count)
    {
        int protocol;
        byte[] bytes;
        do
        {
            protocol = connection.PushProtocol;
            var writer = new RespWriter { Protocol = protocol };
            writer.Push(3);
            writer.Bulk("sunsubscribe"u8);
            writer.Bulk(name);
            writer.Integer(count);
            bytes = writer.ToArray();
        }
        while (!connection.TryPush(bytes, Endless, protocol));
    }
}
