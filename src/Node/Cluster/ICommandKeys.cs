namespace Starling.Node.Cluster;

/// <summary>
/// The keys of a command, or of all commands of a transaction, for the redirect of a slot that is moving.
/// </summary>
public interface ICommandKeys
{
    /// <summary>Number of keys.</summary>
    int Total { get; }

    /// <summary>Number of keys that do not exist in database 0 (expired ones do). Needs their stripes.</summary>
    int CountMissing();
}
