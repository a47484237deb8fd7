namespace Starling.Node.Replication;

/// <summary>How far the link to the master is; the names are those that ROLE answers.</summary>
public enum MasterLinkState
{
    /// <summary>Not connected; the next attempt is to come (connect).</summary>
    Connect,

    /// <summary>The connection is being made (connecting).</summary>
    Connecting,

    /// <summary>Greetings, authentication, capabilities, PSYNC (handshake).</summary>
    Handshake,

    /// <summary>A full synchronisation is under way (sync).</summary>
    Transfer,

    /// <summary>The stream flows (connected).</summary>
    Connected,
}
