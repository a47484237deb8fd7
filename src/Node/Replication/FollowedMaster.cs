namespace Starling.Node.Replication;

/// <summary>The master that a replica follows at one moment, and what became of the link to it.</summary>
/// <param name="Host">Its name or address as it was given.</param>
/// <param name="Port">Its client port.</param>
/// <param name="IsLinkUp">The link is up and synchronised: the data is of this master's history.</param>
/// <param name="HasBeenUp">It was up at some time since this master is followed.</param>
/// <param name="LastContact">See <see cref="ReplicationService.LastMasterContact"/>.</param>
/// <param name="IsDataIncomplete">A snapshot is being loaded, or could not be loaded to its end.</param>
internal readonly record struct FollowedMaster(
    string Host, int Port, bool IsLinkUp, bool HasBeenUp, long LastContact, bool IsDataIncomplete);
