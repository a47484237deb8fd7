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

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OperatorException">An option is out of its range.</exception>
    public void Validate()
    {
        if (Masters is < 3 or > 1000) throw new OperatorException("--masters must be between 3 and 1000: a majority of masters decides");
        if (ReplicasPerMaster is < 0 or > 100) throw new OperatorException("--replicas must be between 0 and 100");
        if (FirstPort < 1 || FirstPort + (long)Nodes - 1 > 55535)
            throw new OperatorException("--port must leave every node a port of at most 55535: the cluster bus listens 10000 above");
    }
}
