using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Wire;

/// <summary>What follows the header of a message.</summary>
public abstract record BusBody
{
    private BusBody()
    {
    }

    /// <summary>Nothing: FAILOVER_AUTH_REQUEST, FAILOVER_AUTH_ACK, MFSTART.</summary>
    public sealed record Empty : BusBody
    {
        /// <summary>The one instance.</summary>
        public static Empty Instance { get; } = new();
    }

    /// <summary>PING, PONG, MEET.</summary>
    /// <param name="Gossip">Gossip sections.</param>
    /// <param name="Extensions">Extensions.</param>
    public sealed record Heartbeat(IReadOnlyList<GossipEntry> Gossip, PingExtensions Extensions) : BusBody;

    /// <summary>FAIL.</summary>
    /// <param name="Node">The node that failed.</param>
    public sealed record Fail(NodeId Node) : BusBody;

    /// <summary>PUBLISH, PUBLISHSHARD.</summary>
    /// <param name="Channel">The channel.</param>
    /// <param name="Message">The message.</param>
    public sealed record Publish(byte[] Channel, byte[] Message) : BusBody;

    /// <summary>UPDATE.</summary>
    /// <param name="Node">A master.</param>
    /// <param name="ConfigEpoch">Its config epoch.</param>
    /// <param name="Slots">Its slots.</param>
    public sealed record Update(NodeId Node, ulong ConfigEpoch, SlotSet Slots) : BusBody;

    /// <summary>MODULE.</summary>
    /// <param name="ModuleId">The sending module, as its bytes stand in the packet.</param>
    /// <param name="ModuleType">The module's own message type.</param>
    /// <param name="Payload">The module's bytes.</param>
    public sealed record Module(ulong ModuleId, byte ModuleType, byte[] Payload) : BusBody;
}
