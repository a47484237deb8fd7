namespace Starling.Node.Cluster;

/// <summary>The arguments of a MIGRATE that parsed.</summary>
internal sealed record MigrateOptions
{
    /// <summary>Host of the target, name or address.</summary>
    public required string Host { get; init; }

    /// <summary>Port of the target.</summary>
    public required int Port { get; init; }

    /// <summary>Database on the target.</summary>
    public required int Database { get; init; }

    /// <summary>Milliseconds that each step of the transfer may take.</summary>
    public required int Timeout { get; init; }

    /// <summary>COPY: the keys stay here.</summary>
    public bool Copy { get; init; }

    /// <summary>REPLACE: the target's keys are replaced.</summary>
    public bool Replace { get; init; }

    /// <summary>User name for the target, or null.</summary>
    public byte[]? UserName { get; init; }

    /// <summary>Password for the target, or null.</summary>
    public byte[]? Password { get; init; }

    /// <summary>The keys are sent by RESTORE-ASKING, because this node is in cluster mode.</summary>
    public bool IsCluster { get; init; }

    /// <summary>"host:port".</summary>
    public string Target => Host + ":" + Port;
}
