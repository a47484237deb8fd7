using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Protocol;

public sealed class MembershipTests
{
    [Fact]
    public void A_forgotten_node_is_not_learned_again_from_gossip_for_a_minute()
    {
        var cluster = new CalmCluster(3, 1);
        var gone = cluster[5].Machine.Id;
        cluster.Simulation.Crash(cluster[5]);
        Assert.Null(cluster.Do(0, (machine, effects) => machine.Forget(gone, cluster.Simulation.Now, effects)));
        Assert.Null(cluster.Do(0, (machine, effects) => machine.Forget(gone, cluster.Simulation.Now, effects)));
        cluster.Simulation.RunFor(50_000);
        Assert.True(cluster.AllSay(view => view.Find(gone) is null));
    }

    [Fact]
    public void Forget_is_refused_where_redis_refuses_it()
    {
        var cluster = new CalmCluster(3, 1);
        var now = cluster.Simulation.Now;
        var stranger = new RandomSource(99).NextNodeId();
        Assert.Equal($"ERR Unknown node {stranger}", cluster.Do(0, (machine, effects) => machine.Forget(stranger, now, effects)));
        Assert.Equal("ERR I tried hard but I can't forget myself...", cluster.Do(0, (machine, effects) => machine.Forget(machine.Id, now, effects)));
        Assert.Equal("ERR Can't forget my master!", cluster.Do(3, (machine, effects) => machine.Forget(cluster[0].Machine.Id, now, effects)));
    }

    [Theory]
    [InlineData("no-address", 7000, 17000)]
    [InlineData("7000", 7000, 17000)]
    [InlineData("127.1", 7000, 17000)]
    [InlineData("[::1]", 7000, 17000)]
    [InlineData("10.0.0.9", 0, 17000)]
    [InlineData("10.0.0.9", 7000, 70000)]
    public void Meet_of_no_valid_address_is_refused(string ip, int port, int busPort)
    {
        var cluster = new CalmCluster(1, 0);
        var error = cluster.Do(0, (machine, effects) => machine.Meet(ip, port, busPort, cluster.Simulation.Now, effects));
        Assert.Equal($"ERR Invalid node address specified: {ip}:{port}", error);
    }

    [Fact]
    public void A_handshake_that_nobody_answers_ends_after_the_node_timeout()
    {
        var cluster = new CalmCluster(3, 0);
        cluster.Simulation.Crash(cluster[2]);
        Assert.Null(cluster.Do(0, (machine, effects) => machine.Meet(cluster[2].Ip, 7000, 17000, cluster.Simulation.Now, effects)));
        Assert.Contains(cluster[0].Machine.Snapshot().Nodes, node => node.IsInHandshake);
        cluster.Simulation.RunFor(2500);
        Assert.DoesNotContain(cluster[0].Machine.Snapshot().Nodes, node => node.IsInHandshake);
    }

    [Fact]
    public void A_node_that_meets_itself_stays_alone()
    {
        var cluster = new CalmCluster(1, 0);
        Assert.Null(cluster.Do(0, (machine, effects) => machine.Meet(cluster[0].Ip, 7000, 17000, cluster.Simulation.Now, effects)));
        cluster.Simulation.RunFor(5000);
        Assert.Single(cluster[0].Machine.Snapshot().Nodes);
    }

    [Fact]
    public void Hostname_name_and_shard_reach_every_node()
    {
        var cluster = new CalmCluster(3, 1);
        cluster.Do(0, (machine, effects) =>
        {
            machine.Reconfigure(machine.Options with { AnnounceHostname = "zero.example", AnnounceHumanName = "zero" }, cluster.Simulation.Now, effects);
            return null;
        });
        var id = cluster[0].Machine.Id;
        cluster.Until(() => cluster.AllSay(view => view.Find(id) is { Hostname: "zero.example", HumanName: "zero" }));
        var shard = cluster[0].View.Myself.ShardId;
        Assert.True(cluster.AllSay(view => view.Find(id)!.ShardId == shard && view.Find(cluster[3].Machine.Id)!.ShardId == shard));
        Assert.Equal(3, cluster[1].View.Nodes.Select(node => node.ShardId).Distinct().Count());
    }

    [Fact]
    public void Reset_leaves_a_node_alone_and_hard_gives_it_a_new_name()
    {
        var cluster = new CalmCluster(3, 1);
        var name = cluster[3].Machine.Id;
        Assert.Null(cluster.Do(3, (machine, effects) => machine.Reset(hard: false, hasKeys: true, cluster.Simulation.Now, effects)));
        var view = cluster[3].Machine.Snapshot();
        Assert.Equal(name, Assert.Single(view.Nodes).Id);
        Assert.True(view.Myself.IsMaster);
        Assert.NotEqual(0UL, view.CurrentEpoch);

        Assert.Equal(
            "ERR CLUSTER RESET can't be called with master nodes containing keys",
            cluster.Do(0, (machine, effects) => machine.Reset(hard: true, hasKeys: true, cluster.Simulation.Now, effects)));
    }

    [Fact]
    public void A_hard_reset_gives_a_new_name_and_epoch_zero()
    {
        var effects = new EffectList();
        var machine = new ClusterMachine(new ClusterOptions { Port = 7000, BusPort = 17000 }, new RandomSource(1), null, 1000);
        machine.Start(1000, effects);
        var name = machine.Id;
        Assert.Null(machine.SetConfigEpoch(9, 1000, effects));
        Assert.Equal("ERR Node config epoch is already non-zero", machine.SetConfigEpoch(10, 1000, effects));
        Assert.Null(machine.AddSlots(SlotSet.Range(0, 100), 1000, effects));
        Assert.Null(machine.Reset(hard: true, hasKeys: false, 2000, effects));
        var view = machine.Snapshot();
        Assert.NotEqual(name, machine.Id);
        Assert.Equal((0UL, 0UL, 0), (view.CurrentEpoch, view.Myself.ConfigEpoch, view.Myself.Slots.Count));
    }

    [Fact]
    public void Two_masters_with_one_config_epoch_end_with_two()
    {
        var cluster = new CalmCluster(3, 0);
        foreach (var node in new[] { 0, 1 }) cluster.Do(node, (machine, effects) => machine.BumpEpoch(out _, cluster.Simulation.Now, effects).ToString() is null ? "" : null);
        Assert.Equal(cluster[0].View.Myself.ConfigEpoch, cluster[1].View.Myself.ConfigEpoch);
        cluster.Until(() => cluster[0].View.Myself.ConfigEpoch != cluster[1].View.Myself.ConfigEpoch);
        cluster.Simulation.RunUntilAgreed("after the collision");
    }

    [Fact]
    public void A_malformed_packet_changes_nothing_and_is_logged_at_a_bounded_rate()
    {
        var cluster = new CalmCluster(3, 1);
        var node = cluster[0];
        var random = new RandomSource(3);
        var packets = Samples.GoldenPackets.Select(File.ReadAllBytes).ToArray();
        var link = node.Machine.AcceptLink("10.9.9.9", node.Ip, cluster.Simulation.Now);
        var before = node.Machine.FormatNodesFile();
        var effects = new EffectList();
        long malformed = 0;
        for (var i = 0; i < 100_000; i++)
        {
            var packet = PacketMutation.Mutate(packets[random.Next(packets.Length)], random);
            if (BusDecoder.Decode(packet, out _, out _) != BusDecodeResult.Malformed) continue;
            malformed++;
            node.Machine.Step(link, packet, cluster.Simulation.Now + (i / 100), effects);
        }

        Assert.True(malformed > 10_000);
        Assert.Equal(malformed, node.Machine.Statistics.Malformed);
        Assert.InRange(effects.Count, 1, 2);
        Assert.All(effects, effect => Assert.IsType<ClusterEffect.Log>(effect));
        Assert.Equal(before, node.Machine.FormatNodesFile());
    }

    [Fact]
    public void Mutated_packets_of_a_member_throw_nothing()
    {
        var cluster = new CalmCluster(3, 1);
        var node = cluster[0];
        var random = new RandomSource(5);
        var link = node.Machine.AcceptLink(cluster[1].Ip, node.Ip, cluster.Simulation.Now);
        var senders = cluster.Nodes.Skip(1).Select(other => other.Machine.Id).ToArray();
        var effects = new EffectList();
        for (var i = 0; i < 20_000; i++)
        {
            var message = Samples.Message(random) with { Sender = senders[random.Next(senders.Length)], CurrentEpoch = (ulong)random.Next(1000), ConfigEpoch = (ulong)random.Next(1000) };
            if (random.Next(2) == 0) message = message with { Master = senders[random.Next(senders.Length)] };
            effects.Clear();
            node.Machine.Step(link, PacketMutation.Mutate(BusEncoder.Encode(message), random), cluster.Simulation.Now + i, effects);
            if (i % 100 != 0) continue;
            node.Machine.Tick(cluster.Simulation.Now + i, effects);
            Assert.True(NodesFile.TryParse(node.Machine.FormatNodesFile(), 0, out _, out var error), error);
        }
    }
}
