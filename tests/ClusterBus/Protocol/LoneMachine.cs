using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>One machine whose cluster is made of the packets a test sends it. Node n listens on 10.0.0.n:7000.</summary>
internal sealed class LoneMachine
{
    private readonly Dictionary<NodeId, LinkId> _links = [];

    public LoneMachine(ClusterOptions options, params NodeRecord[] nodes)
        : this(options, hasLostData: false, nodes)
    {
    }

    public LoneMachine(ClusterOptions options, bool hasLostData, params NodeRecord[] nodes)
    {
        var saved = new ClusterView(nodes, [], []) { CurrentEpoch = 5, LastVoteEpoch = 4 };
        Machine = new ClusterMachine(options, new RandomSource(1), saved, Now);
        Machine.Start(hasLostData, Now, Effects);
        WriteFile();
    }

    public static ClusterOptions Options { get; } = new() { NodeTimeout = 2000, Port = 7000, BusPort = 17000 };

    public ClusterMachine Machine { get; }

    public EffectList Effects { get; } = new();

    public long Now { get; private set; } = 100_000;

    public ClusterView View => Machine.Snapshot();

    public static NodeId Id(int number)
    {
        Span<byte> bytes = stackalloc byte[20];
        bytes[19] = (byte)number;
        return NodeId.FromBytes(bytes);
    }

    public static NodeAddress Address(int number) => new($"10.0.0.{number}", 7000, 17000);

    public static NodeRecord Master(int number, int first = 0, int last = -1) => new()
    {
        Id = Id(number),
        ShardId = Id(number),
        Flags = NodeFlags.Master,
        Slots = SlotSet.Range(first, last),
        ConfigEpoch = (ulong)number,
        Address = Address(number),
    };

    public static NodeRecord Replica(int number, int master) => Master(number) with
    {
        Flags = NodeFlags.Replica,
        MasterId = Id(master),
        ShardId = Id(master),
        ConfigEpoch = 0,
    };

    public static NodeRecord Myself(NodeRecord node) => node with { Flags = node.Flags | NodeFlags.Myself };

    /// <summary>A heartbeat of a node as it is in the view, with gossip about others.</summary>
    public void Hear(int from, params GossipEntry[] gossip) =>
        Hear(from, BusType.Ping, new BusBody.Heartbeat(gossip, PingExtensions.None));

    /// <summary>A message of a node as it is in the view.</summary>
    public void Hear(int from, BusType type, BusBody body, string ip = "")
    {
        var node = View.Find(Id(from))!;
        Hear(new BusMessage
        {
            Type = type,
            Sender = node.Id,
            CurrentEpoch = 5,
            ConfigEpoch = node.ConfigEpoch,
            Slots = node.Slots,
            Master = node.MasterId,
            Address = Address(from) with { Ip = ip },
            Flags = node.Flags,
            MessageFlags = body is BusBody.Heartbeat { Extensions.ShardId.IsNone: false } ? MessageFlags.ExtensionData : MessageFlags.None,
            Body = body,
        });
    }

    /// <summary>What a node says of itself, whatever it is in the view.</summary>
    public BusMessage Heartbeat(NodeRecord node, ulong configEpoch) => new()
    {
        Type = BusType.Ping,
        Sender = node.Id,
        CurrentEpoch = 5,
        ConfigEpoch = configEpoch,
        Slots = node.Slots,
        Master = node.MasterId,
        Address = node.Address with { Ip = "" },
        Flags = node.Flags,
        Body = new BusBody.Heartbeat([], PingExtensions.None),
    };

    public void Hear(BusMessage message)
    {
        if (!_links.TryGetValue(message.Sender, out var link))
            _links.Add(message.Sender, link = Machine.AcceptLink("10.0.0." + message.Sender.ToString()[^1], "10.0.0.1", Now));
        Machine.Step(link, BusEncoder.Encode(message), Now, Effects);
        WriteFile();
    }

    public static GossipEntry About(int node, NodeFlags flags) =>
        new(Id(node), 0, 0, Address(node), flags | NodeFlags.Master);

    /// <summary>Time passes; the named nodes answer every 100 ms, others never.</summary>
    public void Wait(long milliseconds, params int[] answering)
    {
        for (var end = Now + milliseconds; Now < end;)
        {
            Now += 100;
            Machine.Tick(Now, Effects);
            WriteFile();
            foreach (var node in answering) Hear(node);
        }
    }

    /// <summary>The disk does what was asked for.</summary>
    private void WriteFile()
    {
        var number = Effects.OfType<ClusterEffect.Persist>().LastOrDefault(persist => persist.Sync)?.Number ?? 0;
        if (number != 0) Machine.Persisted(number, Now, Effects);
    }

    public bool IsFailing(int node) => View.Find(Id(node))!.IsFailing;

    public bool IsPossiblyFailing(int node) => View.Find(Id(node))!.IsPossiblyFailing;
}
