using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Protocol;

public sealed class VotingTests
{
    private readonly EffectList _effects = new();
    private readonly NodeId _myself = Id(1);
    private readonly NodeId _master = Id(2);
    private readonly NodeId _candidate = Id(3);
    private readonly NodeId _rival = Id(4);

    private readonly ClusterMachine _machine;
    private readonly LinkId _link;
    private long _now = 100_000;

    public VotingTests()
    {
        NodeRecord[] nodes =
        [
            Node(_myself, NodeFlags.Myself | NodeFlags.Master, SlotSet.Range(0, 8191), 1),
            Node(_master, NodeFlags.Master | NodeFlags.Failing, SlotSet.Range(8192, 16383), 2),
            Node(_candidate, NodeFlags.Replica, new SlotSet(), 0) with { MasterId = _master },
            Node(_rival, NodeFlags.Replica, new SlotSet(), 0) with { MasterId = _master },
        ];
        var saved = new ClusterView(nodes, [], []) { CurrentEpoch = 5, LastVoteEpoch = 4 };
        _machine = new ClusterMachine(new ClusterOptions { NodeTimeout = 2000, Port = 7000, BusPort = 17000 }, new RandomSource(1), saved, _now);
        _machine.Start(_now, _effects);
        Write(_machine);
        _link = _machine.AcceptLink("10.0.0.3", "10.0.0.1", _now);
        _effects.Clear();
    }

    [Fact]
    public void A_vote_is_durable_before_it_leaves()
    {
        _machine.Step(_link, Request(_candidate, 6, 2, MessageFlags.None), _now, _effects);
        Assert.Contains(_effects, effect => effect is ClusterEffect.Persist { Sync: true });
        Assert.DoesNotContain(_effects, IsVote);
        Write(_machine);
        Assert.Single(_effects, IsVote);
        Assert.Equal((6UL, 6UL), (_machine.Snapshot().CurrentEpoch, _machine.Snapshot().LastVoteEpoch));
        Assert.True(NodesFile.TryParse(_machine.FormatNodesFile(), 0, out var saved, out _) && saved.LastVoteEpoch == 6);
    }

    [Fact]
    public void One_vote_in_one_epoch()
    {
        Ask(_candidate, epoch: 6);
        Assert.Single(_effects, IsVote);
        Ask(_rival, epoch: 6);
        Ask(_candidate, epoch: 6);
        Assert.Single(_effects, IsVote);
        AssertLogged("already voted for epoch 6");
    }

    [Fact]
    public void One_vote_for_a_masters_replicas_within_twice_the_node_timeout()
    {
        Ask(_candidate, epoch: 6);
        _now += 3999;
        Ask(_rival, epoch: 7);
        Assert.Single(_effects, IsVote);
        AssertLogged("can't vote about this master before 1 milliseconds");
        _now += 1;
        Ask(_rival, epoch: 8);
        Assert.Equal(2, _effects.Count(IsVote));
    }

    [Fact]
    public void No_vote_for_an_old_epoch_a_master_or_an_old_configuration()
    {
        Ask(_candidate, epoch: 4);
        AssertLogged("reqEpoch (4) < curEpoch(5)");
        Ask(_candidate, epoch: 6, configEpoch: 1);
        AssertLogged("slot 8192 epoch (2) > reqEpoch (1)");
        Ask(_master, epoch: 7);
        AssertLogged("it is a master node");
        Assert.DoesNotContain(_effects, IsVote);
    }

    [Fact]
    public void No_vote_while_the_master_is_up_unless_it_is_forced()
    {
        var saved = Spoil(_machine.Snapshot());
        var machine = new ClusterMachine(_machine.Options, new RandomSource(1), saved, _now);
        machine.Start(_now, _effects);
        Write(machine);
        var link = machine.AcceptLink("10.0.0.3", "10.0.0.1", _now);
        machine.Step(link, Request(_candidate, 6, 2, MessageFlags.None), _now, _effects);
        AssertLogged("its master is up");
        machine.Step(link, Request(_candidate, 7, 2, MessageFlags.ForceAck), _now, _effects);
        Write(machine);
        Assert.Single(_effects, IsVote);
    }

    [Fact]
    public void A_higher_epoch_heard_is_told_when_it_is_durable_and_pings_are_answered_meanwhile()
    {
        var ping = PingInEpoch(77);
        _machine.Step(_link, ping, _now, _effects);
        Assert.Contains(_effects, effect => effect is ClusterEffect.Persist { Sync: true });
        _machine.Step(_link, ping, _now, _effects);
        Assert.Equal([5UL, 5UL], EpochsOfPongs());
        Write(_machine);
        _machine.Step(_link, ping, _now, _effects);
        Assert.Equal([5UL, 5UL, 77UL], EpochsOfPongs());
    }

    [Fact]
    public void What_the_disk_was_asked_to_keep_before_a_hard_reset_is_not_told_behind_it()
    {
        _machine.Step(_link, PingInEpoch(77), _now, _effects);
        var before = _effects.OfType<ClusterEffect.Persist>().Last(persist => persist.Sync).Number;
        Assert.Null(_machine.Reset(hard: true, hasKeys: false, _now, _effects));
        _machine.Persisted(before, _now, _effects); // what the reset asks for is not there yet
        var link = _machine.AcceptLink("10.0.0.3", "10.0.0.1", _now);
        _effects.Clear();
        _machine.Step(link, PingInEpoch(77), _now, _effects);
        var pong = Assert.Single(_effects.OfType<ClusterEffect.Send>(), send => send.Type == BusType.Pong).Packet;
        Assert.True(BusDecoder.Decode(pong, out var message, out _) == BusDecodeResult.Message);
        Assert.Equal(_machine.Id, message!.Sender);
        Assert.Equal((0UL, 0UL, 0), (message.CurrentEpoch, message.ConfigEpoch, message.Slots.Count));
    }

    private byte[] PingInEpoch(ulong epoch) => BusEncoder.Encode(new BusMessage
    {
        Type = BusType.Ping,
        Sender = _candidate,
        CurrentEpoch = epoch,
        ConfigEpoch = 2,
        Slots = SlotSet.Range(8192, 16383),
        Master = _master,
        Address = new NodeAddress("10.0.0.3", 7000, 17000),
        Flags = NodeFlags.Replica,
        Body = new BusBody.Heartbeat([], PingExtensions.None),
    });

    private static NodeId Id(int number)
    {
        Span<byte> bytes = stackalloc byte[20];
        bytes[19] = (byte)number;
        return NodeId.FromBytes(bytes);
    }

    private static NodeRecord Node(NodeId id, NodeFlags flags, SlotSet slots, ulong epoch) => new()
    {
        Id = id,
        Flags = flags,
        Slots = slots,
        ConfigEpoch = epoch,
        ShardId = id,
        Address = new NodeAddress("10.0.0." + id.ToString()[^1], 7000, 17000),
    };

    private static ClusterView Spoil(ClusterView view) =>
        new(view.Nodes.Select(node => node with { Flags = node.Flags & ~NodeFlags.Failing }), [], []) { CurrentEpoch = 5, LastVoteEpoch = 4 };

    private static bool IsVote(ClusterEffect effect) => effect is ClusterEffect.Send { Type: BusType.FailoverAuthAck };

    private byte[] Request(NodeId candidate, ulong epoch, ulong configEpoch, MessageFlags flags) => BusEncoder.Encode(new BusMessage
    {
        Type = BusType.FailoverAuthRequest,
        Sender = candidate,
        CurrentEpoch = epoch,
        ConfigEpoch = configEpoch,
        Slots = SlotSet.Range(8192, 16383),
        Master = candidate == _master ? NodeId.None : _master,
        Flags = NodeFlags.Replica,
        MessageFlags = flags,
        Body = BusBody.Empty.Instance,
    });

    private void Ask(NodeId candidate, ulong epoch, ulong configEpoch = 2)
    {
        _machine.Step(_link, Request(candidate, epoch, configEpoch, MessageFlags.None), _now, _effects);
        Write(_machine);
    }

    /// <summary>The disk does what was asked for.</summary>
    private void Write(ClusterMachine machine)
    {
        var number = _effects.OfType<ClusterEffect.Persist>().LastOrDefault(persist => persist.Sync)?.Number ?? 0;
        if (number != 0) machine.Persisted(number, _now, _effects);
    }

    private ulong[] EpochsOfPongs() =>
        [.. _effects.OfType<ClusterEffect.Send>()
            .Where(send => send.Type == BusType.Pong)
            .Select(send => new BusHeader(send.Packet).CurrentEpoch)];

    private void AssertLogged(string text) =>
        Assert.Contains(_effects, effect => effect is ClusterEffect.Log log && log.Text.Contains(text, StringComparison.Ordinal));
}
