using FsCheck;
using FsCheck.Fluent;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests;

/// <summary>Messages and views made at random, and the packets captured from redis-server.</summary>
internal static class Samples
{
    private const string NameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

    public static IEnumerable<string> GoldenPackets =>
        Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Golden"), "*.bin").Order(StringComparer.Ordinal);

    public static byte[] Golden(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Golden", name));

    /// <summary>Checks a property of 300 seeds; the failing one is in the exception.</summary>
    public static void ForAllSeeds(Func<RandomSource, bool> holds) =>
        Prop.ForAll(ArbMap.Default.ArbFor<ulong>(), seed => holds(new RandomSource(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithReplay(20240817, 13579));

    public static BusMessage Message(RandomSource random)
    {
        var type = (BusType)random.Next(BusProtocol.TypeCount);
        return new BusMessage
        {
            Type = type,
            Sender = random.NextNodeId(),
            CurrentEpoch = random.NextUInt64(),
            ConfigEpoch = random.NextUInt64(),
            ReplicationOffset = (long)random.NextUInt64(),
            Slots = Slots(random),
            Master = random.Next(2) == 0 ? NodeId.None : random.NextNodeId(),
            Address = Address(random),
            Flags = (NodeFlags)random.Next(1 << 16),
            IsClusterDown = random.Next(2) == 0,
            MessageFlags = MessageFlags.ExtensionData | (MessageFlags)random.Next(4),
            Body = Body(type, random),
        };
    }

    public static SlotSet Slots(RandomSource random)
    {
        var slots = new SlotSet();
        for (var i = random.Next(5); i > 0; i--)
        {
            var first = random.Next(16384);
            for (var slot = first; slot < Math.Min(first + random.Next(300), 16384); slot++) slots.Add(slot);
        }

        return slots;
    }

    public static NodeAddress Address(RandomSource random) => new(
        random.Next(3) switch { 0 => "", 1 => $"10.{random.Next(256)}.{random.Next(256)}.{random.Next(256)}", _ => $"fe80::{random.Next(65536):x}" },
        random.Next(65536),
        random.Next(65536),
        random.Next(2) == 0 ? 0 : random.Next(65536));

    public static string Name(RandomSource random) =>
        new([.. Enumerable.Range(0, random.Next(40)).Select(_ => NameCharacters[random.Next(NameCharacters.Length)])]);

    public static byte[] Bytes(RandomSource random, int limit) => [.. Enumerable.Range(0, random.Next(limit)).Select(_ => (byte)random.Next(256))];

    /// <summary>Same fields; sequences compared by their elements.</summary>
    public static bool Same(BusMessage left, BusMessage right)
    {
        var isBodySame = (left.Body, right.Body) switch
        {
            (BusBody.Heartbeat a, BusBody.Heartbeat b) => a.Gossip.SequenceEqual(b.Gossip) && a.Extensions.Forgotten.SequenceEqual(b.Extensions.Forgotten)
                && a.Extensions with { Forgotten = [] } == b.Extensions with { Forgotten = [] },
            (BusBody.Publish a, BusBody.Publish b) => a.Channel.AsSpan().SequenceEqual(b.Channel) && a.Message.AsSpan().SequenceEqual(b.Message),
            (BusBody.Module a, BusBody.Module b) => a.ModuleId == b.ModuleId && a.ModuleType == b.ModuleType && a.Payload.AsSpan().SequenceEqual(b.Payload),
            _ => left.Body == right.Body,
        };
        return isBodySame && left with { Body = BusBody.Empty.Instance } == right with { Body = BusBody.Empty.Instance };
    }

    private static BusBody Body(BusType type, RandomSource random) => type switch
    {
        BusType.Ping or BusType.Pong or BusType.Meet => new BusBody.Heartbeat([.. Enumerable.Range(0, random.Next(6)).Select(_ => Gossip(random))], Extensions(random)),
        BusType.Fail => new BusBody.Fail(random.NextNodeId()),
        BusType.Publish or BusType.PublishShard => new BusBody.Publish(Bytes(random, 50), Bytes(random, 500)),
        BusType.Update => new BusBody.Update(random.NextNodeId(), random.NextUInt64(), Slots(random)),
        BusType.Module => new BusBody.Module(random.NextUInt64(), (byte)random.Next(256), Bytes(random, 100)),
        BusType.FailoverAuthRequest or BusType.FailoverAuthAck or BusType.ManualFailoverStart => BusBody.Empty.Instance,
    };

    private static GossipEntry Gossip(RandomSource random) => new(
        random.NextNodeId(), (uint)random.NextUInt64(), (uint)random.NextUInt64(), Address(random), (NodeFlags)random.Next(1 << 16));

    private static PingExtensions Extensions(RandomSource random) => new()
    {
        Hostname = Name(random),
        HumanName = Name(random),
        ShardId = random.Next(2) == 0 ? NodeId.None : random.NextNodeId(),
        Forgotten = [.. Enumerable.Range(0, random.Next(3)).Select(_ => new ForgottenNode(random.NextNodeId(), random.NextUInt64()))],
    };
}
