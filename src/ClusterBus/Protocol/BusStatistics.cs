using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// Message counts of this node since it started (the cluster_stats_messages_* fields of CLUSTER INFO).
/// </summary>
public sealed class BusStatistics
{
    private readonly long[] _sent = new long[BusProtocol.TypeCount];
    private readonly long[] _received = new long[BusProtocol.TypeCount];

    /// <summary>Packets that were dropped because they were malformed.</summary>
    public long Malformed { get; internal set; }

    /// <summary>Messages of one type that were sent.</summary>
    public long Sent(BusType type) => Interlocked.Read(ref _sent[(int)type]);

    /// <summary>Messages of one type that were received.</summary>
    public long Received(BusType type) => Interlocked.Read(ref _received[(int)type]);

    /// <summary>Redis's word for a type in CLUSTER INFO: "ping", "auth-req", ...</summary>
    public static string NameOf(BusType type) => BusProtocol.NameOf(type);

    internal void CountSent(BusType type) => Interlocked.Increment(ref _sent[(int)type]);

    internal void CountReceived(BusType type) => Interlocked.Increment(ref _received[(int)type]);
}
