namespace Starling.Node.Cluster;

/// <summary>
/// The keys of a command, or of all commands of a transaction, for the redirect of a slot that is moving.
/// </summary>
public interface ICommandKeys
{
    /// <summary>Number of keys; one that is named twice counts twice.</summary>
    int Total { get; }

    /// <summary>There are at least two different keys.</summary>
    bool AreSeveral { get; }

    /// <summary>Number of keys that do not exist in database 0, or have expired. Needs their stripes.</summary>
    /// <param name="now">Milliseconds of Unix time.</param>
    int CountMissing(long now);
}
