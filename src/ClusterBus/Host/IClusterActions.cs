using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Host;

/// <summary>
/// What the cluster bus makes the server around it do, and asks it. Unless it says otherwise, a member is called on the
/// bus thread, in the order of the machine's effects, with no lock held; what takes long delays this node's heartbeats.
/// </summary>
public interface IClusterActions
{
    /// <summary>The directives in force; compared with the last ones at every tick.</summary>
    ClusterOptions Options { get; }

    /// <summary>
    /// Replication offset, age of the data and pause of writes as of now. Any thread, under the machine's lock.
    /// </summary>
    LocalStatus Status();

    /// <summary>
    /// The view changed in what clients can see: make it the routing table. Any thread, one at a time, perhaps with
    /// stripes held (see <see cref="BusHost.Apply"/>): it takes none.
    /// </summary>
    void Publish(ClusterView view);

    /// <summary>Become a replica of a master, or of the same one at another address.</summary>
    void BecomeReplicaOf(string host, int port);

    /// <summary>
    /// Close the link to the master and make none until <see cref="BecomeReplicaOf"/>, for the same master too. The node is
    /// a replica for its clients, and its data stays as it is.
    /// </summary>
    void StopFollowing();

    /// <summary>Stop replicating; the data stays.</summary>
    void BecomeMaster();

    /// <summary>Hold back the writes of clients until <see cref="ResumeWrites"/>.</summary>
    void PauseWrites();

    /// <summary>Let the writes go on.</summary>
    void ResumeWrites();

    /// <summary>
    /// Delete the keys of slots that another node owns now; may be done bit by bit in <see cref="DoWork"/>.
    /// </summary>
    void DeleteKeysInSlots(SlotSet slots);

    /// <summary>Another node has sent a message that was published there: give it to the subscribers here.</summary>
    /// <param name="channel">The channel.</param>
    /// <param name="message">What was published.</param>
    /// <param name="sharded">The channel is a shard channel.</param>
    void Deliver(byte[] channel, byte[] message, bool sharded);

    /// <summary>Empty the data set.</summary>
    void FlushAll();

    /// <summary>Does a bounded part (some milliseconds) of the work put off. True when there is more.</summary>
    bool DoWork();

    /// <summary>
    /// The state of the cluster cannot be made durable: the process has to stop, at once, with this message. Does not
    /// return.
    /// </summary>
    void Fail(string message);
}
