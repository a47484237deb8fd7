namespace Starling.ClusterBus.Protocol;

/// <summary>The forms of CLUSTER FAILOVER.</summary>
public enum FailoverMode
{
    /// <summary>With the master's agreement: it pauses writes until the replica has all of its data.</summary>
    Default,

    /// <summary>FORCE: without the master, by election.</summary>
    Force,

    /// <summary>TAKEOVER: without the master and without election.</summary>
    Takeover,
}
