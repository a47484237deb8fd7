using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// Something the host must do, in the order given. None waits for the disk: what must, the machine asks for only when it
/// was told that its state is durable.
/// </summary>
public abstract record ClusterEffect
{
    private ClusterEffect()
    {
    }

    /// <summary>
    /// Open a TCP connection to a node's bus port (from bind-source-addr), without waiting. Answer later with
    /// <see cref="ClusterMachine.LinkEstablished"/> or <see cref="ClusterMachine.LinkLost"/>.
    /// </summary>
    /// <param name="Link">The link's number from now on.</param>
    /// <param name="Node">The node it leads to.</param>
    /// <param name="Ip">Address to connect to.</param>
    /// <param name="Port">Bus port to connect to.</param>
    public sealed record Connect(LinkId Link, NodeId Node, string Ip, int Port) : ClusterEffect;

    /// <summary>
    /// Close a link, whatever is still unsent. The machine has forgotten it; no <see cref="ClusterMachine.LinkLost"/>
    /// is expected.
    /// </summary>
    /// <param name="Link">The link; may be one that is still connecting.</param>
    public sealed record CloseLink(LinkId Link) : ClusterEffect;

    /// <summary>Queue one packet on a link.</summary>
    /// <param name="Link">An established link.</param>
    /// <param name="Type">What the packet is.</param>
    /// <param name="Packet">The whole packet; may be shared by several effects, so it must not be changed.</param>
    public sealed record Send(LinkId Link, BusType Type, byte[] Packet) : ClusterEffect;

    /// <summary>
    /// Replace nodes.conf by <see cref="ClusterMachine.FormatNodesFile"/> (write a temporary file, fsync when asked,
    /// rename). At most one per batch, before the first effect that depends on it. The text of the end of the batch is
    /// the right one.
    /// </summary>
    /// <param name="Sync">
    /// True when it must be durable soon: the machine waits to hear of it by <see cref="ClusterMachine.Persisted"/>, and
    /// holds back till then what others must not learn before; false when it may be written later.
    /// </param>
    /// <param name="Number">Counts those with <paramref name="Sync"/>; 0 for the others.</param>
    public sealed record Persist(bool Sync, long Number) : ClusterEffect;

    /// <summary>The view changed in what clients can see: make it the routing table. At most one per batch.</summary>
    /// <param name="View">The new view.</param>
    public sealed record PublishView(ClusterView View) : ClusterEffect;

    /// <summary>Become a replica of that node, or change the address to replicate from.</summary>
    /// <param name="Master">The master.</param>
    /// <param name="Ip">Its address.</param>
    /// <param name="Port">Its client port.</param>
    public sealed record BecomeReplicaOf(NodeId Master, string Ip, int Port) : ClusterEffect;

    /// <summary>
    /// Close the link to the master, and have none until <see cref="BecomeReplicaOf"/>; the node is a replica all the same.
    /// It has won an election and is to become a master when that is durable: what it has must not be given up meanwhile
    /// for the data of a master that came back with others, or with none.
    /// </summary>
    public sealed record StopFollowing : ClusterEffect;

    /// <summary>Stop replicating and accept writes; the data set stays (a promotion, or a reset).</summary>
    public sealed record BecomeMaster : ClusterEffect;

    /// <summary>
    /// Hold back the writes of clients (and expiry) until <see cref="ResumeWrites"/>, which comes after five seconds at
    /// the latest: a replica takes over. Report it by <see cref="LocalStatus.WritesPaused"/>.
    /// </summary>
    public sealed record PauseWrites : ClusterEffect;

    /// <summary>Let the writes go on.</summary>
    public sealed record ResumeWrites : ClusterEffect;

    /// <summary>This node remains a master but lost these slots: delete their keys.</summary>
    /// <param name="Slots">The slots, with or without keys.</param>
    public sealed record DeleteKeysInSlots(SlotSet Slots) : ClusterEffect;

    /// <summary>Empty the data set (CLUSTER RESET of a replica).</summary>
    public sealed record FlushAll : ClusterEffect;

    /// <summary>Deliver a message to this node's subscribers.</summary>
    /// <param name="Channel">The channel.</param>
    /// <param name="Message">The message.</param>
    /// <param name="Sharded">True for SPUBLISH.</param>
    public sealed record Deliver(byte[] Channel, byte[] Message, bool Sharded) : ClusterEffect;

    /// <summary>Write a log line.</summary>
    /// <param name="Level">Redis's level.</param>
    /// <param name="Text">Redis's text.</param>
    public sealed record Log(ClusterLogLevel Level, string Text) : ClusterEffect;
}
