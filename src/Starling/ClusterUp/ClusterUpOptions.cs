namespace Starling.CommandLine.ClusterUp;

/// <summary>What <c>starling cluster up</c> was asked for.</summary>
/// <param name="Masters">Number of masters, at least 3.</param>
/// <param name="ReplicasPerMaster">Replicas of each master, 0 or more.</param>
/// <param name="FirstPort">Client port of the first node; the others follow.</param>
/// <param name="Folder">Absolute path of the folder that holds a folder for each node.</param>
internal sealed record ClusterUpOptions(int Masters, int ReplicasPerMaster, int FirstPort, string Folder)
{
    /// <summary>Number of nodes.</summary>
    public int Nodes => Masters * (1 + ReplicasPerMaster);
}
