using Starling.Node.Serving;

namespace Starling.Node.Cluster;

/// <summary>This node's part in the cluster: the machine's host, the routing table, the redirects.</summary>
public sealed class ClusterService
{
    /// <summary>
    /// Decides whether this node may execute a command on a slot, and writes MOVED, ASK, TRYAGAIN or CLUSTERDOWN when not. Called with the stripes of
    /// the keys held, so that a slot cannot change hands between the answer and the execution.
    /// </summary>
    /// <param name="call">Who called; gets the error reply.</param>
    /// <param name="slot">The one slot of all keys (the dispatcher has answered CROSSSLOT).</param>
    /// <param name="isWrite">The command, or any of the transaction's, has the Write flag.</param>
    /// <param name="keys">The keys; asked only when the slot is moving.</param>
    /// <returns>True to go on; false when the error reply is written.</returns>
    public bool Admit(CommandContext call, int slot, bool isWrite, ICommandKeys keys) =>
        throw new NotSupportedException($"{call} {slot} {isWrite} {keys}");
}
