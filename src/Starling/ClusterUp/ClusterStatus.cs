using System.Net.Sockets;

namespace Starling.CommandLine.ClusterUp;

/// <summary>What one node says of itself.</summary>
/// <param name="Node">The node.</param>
/// <param name="Id">Its node id; empty when it does not answer.</param>
/// <param name="Role">master or replica; down when it does not answer.</param>
/// <param name="Slots">Its slots, or whom it replicates.</param>
/// <param name="State">cluster_state as it sees it.</param>
internal sealed record ClusterStatus(NodeProcess Node, string Id, string Role, string Slots, string State)
{
    /// <summary>Asks a node.</summary>
    public static ClusterStatus Of(NodeProcess node)
    {
        try
        {
            using var client = new NodeClient(node.Port);
            var state = NodeProcess.Field(client.Call("CLUSTER", "INFO"), "cluster_state") ?? "";
            var lines = client.Call("CLUSTER", "NODES").Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var own = lines.Select(line => line.Split(' ')).First(words => words[2].Contains("myself", StringComparison.Ordinal));
            if (!own[2].Contains("slave", StringComparison.Ordinal))
                return new ClusterStatus(node, own[0], "master", string.Join(' ', own.Skip(8)), state);
            var master = lines.Select(line => line.Split(' ')).FirstOrDefault(words => words[0] == own[3]);
            var address = master is null ? own[3] : master[1].Split('@')[0];
            return new ClusterStatus(node, own[0], "replica", "of " + address, state);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperatorException)
        {
            return new ClusterStatus(node, "", "down", "", exception.Message);
        }
    }
}
