namespace Starling.ClusterBus.Wire;

/// <summary>The message types of the cluster bus.</summary>
public enum BusType : ushort
{
    /// <summary>PING: heartbeat, answered by a PONG.</summary>
    Ping = 0,

    /// <summary>PONG: answer to PING and MEET; also sent unasked to announce a change.</summary>
    Pong = 1,

    /// <summary>MEET: a PING that makes the receiver add the sender.</summary>
    Meet = 2,

    /// <summary>FAIL: a node is down by agreement.</summary>
    Fail = 3,

    /// <summary>PUBLISH.</summary>
    Publish = 4,

    /// <summary>FAILOVER_AUTH_REQUEST: a replica asks for a vote.</summary>
    FailoverAuthRequest = 5,

    /// <summary>FAILOVER_AUTH_ACK: the vote.</summary>
    FailoverAuthAck = 6,

    /// <summary>UPDATE: who owns slots that the receiver believes to own.</summary>
    Update = 7,

    /// <summary>MFSTART: a replica asks its master to stop writes for a manual failover.</summary>
    ManualFailoverStart = 8,

    /// <summary>MODULE: a message between modules.</summary>
    Module = 9,

    /// <summary>PUBLISHSHARD: SPUBLISH.</summary>
    PublishShard = 10,
}
