namespace Starling.Node;

/// <summary>How far a replica is behind, for a shutdown that waits for it.</summary>
/// <param name="Name">Address and port, as in the log.</param>
/// <param name="BytesBehind">Bytes of the replication stream that it has not acknowledged; 0 when it is in
/// sync.</param>
/// <param name="SecondsSinceAcknowledged">Seconds since its last acknowledgement; 0 while it is not online.</param>
/// <param name="State">State in INFO's words: wait_bgsave, send_bulk, online.</param>
public sealed record ReplicaLag(string Name, long BytesBehind, long SecondsSinceAcknowledged, string State);
