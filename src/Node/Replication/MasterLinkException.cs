namespace Starling.Node.Replication;

/// <summary>The link to the master failed; the reason has been logged. The link is closed and made again.</summary>
internal sealed class MasterLinkException(string message) : Exception(message);
