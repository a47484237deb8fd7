using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Tests.View;

public sealed class NodesFileTests
{
    private const string Sample =
        "07c37dfeb235213a872192d90877d0cd55635b91 127.0.0.1:30004@31004,host-4,shard-id=69bc080733d1355567173199cff4a6a039a2f024 slave e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 0 1426238317239 4 connected\n"
        + "e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 127.0.0.1:30001@31001,,nodename=first,shard-id=69bc080733d1355567173199cff4a6a039a2f024 myself,master - 0 0 4 connected 0-5459 [5461-<-292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f] [12->-292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f]\n"
        + "292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f ::1:30003@31003,,tls-port=30103,shard-id=114f6674a35b84949fe567f5dfd41415ee776261 master,fail - 1426238318243 1426238318243 3 disconnected 5460 5461-16383\n"
        + "vars currentEpoch 6 lastVoteEpoch 5\n";

    [Fact]
    public void A_file_is_read_as_it_was_meant()
    {
        Assert.True(NodesFile.TryParse(Sample, 1000, out var view, out var error), error);
        Assert.Equal((6UL, 5UL, 3), (view.CurrentEpoch, view.LastVoteEpoch, view.Nodes.Count));
        Assert.Equal("e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca", view.Myself.Id.ToString());
        Assert.Equal("first", view.Myself.HumanName);
        Assert.Equal(SlotSet.Range(0, 5459), view.Myself.Slots);
        var third = view.OwnerOf(5460)!;
        Assert.Equal(new NodeAddress("::1", 30003, 31003, 30103), third.Address);
        Assert.True(third.IsFailing);
        Assert.Equal((1000L, 1000L, 1000L), (third.PingSentAt, third.PongReceivedAt, third.FailedAt));
        Assert.Equal(third.Id, view.Importing[5461]);
        Assert.Equal(third.Id, view.Migrating[12]);
        var replica = Assert.Single(view.ReplicasOf(view.Myself.Id));
        Assert.Equal(("host-4", 0UL), (replica.Hostname, replica.ConfigEpoch));
    }

    [Fact]
    public void What_is_written_is_read_back_and_written_the_same()
    {
        Samples.ForAllSeeds(random =>
        {
            var text = NodesFile.Format(AnyView(random));
            return NodesFile.TryParse(text, 0, out var view, out _) && NodesFile.Format(view) == text;
        });
    }

    [Fact]
    public void The_file_of_redis_server_7_0_is_read()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "nodes-7.0.conf"));
        Assert.True(NodesFile.TryParse(text, 0, out var view, out var error), error);
        Assert.Equal((7UL, 5UL, 5), (view.CurrentEpoch, view.LastVoteEpoch, view.Nodes.Count));
        Assert.Equal("6b0d4fc36c2fafd6fa50eb88c4aaa8a796ab7e84", view.Myself.Id.ToString());
        Assert.Equal(SlotSet.Range(0, 5460), view.Myself.Slots);
        Assert.Equal(text.Split('\n').Length, NodesReply.Format(view).Split('\n').Length + 1);
    }

    [Fact]
    public void A_file_cut_anywhere_in_a_line_is_refused()
    {
        for (var length = 0; length < Sample.Length; length++)
        {
            if (length > 0 && Sample[length - 1] == '\n') continue;
            Assert.False(NodesFile.TryParse(Sample[..length], 0, out _, out var error), $"cut at {length}");
            Assert.NotEmpty(error);
        }
    }

    [Theory]
    [InlineData(",client-ipv4=10.1.2.3,client-ipv6=fd00::3")]
    [InlineData(",client-ipv4=10.1.2.3,availability-zone=eu-1a")]
    [InlineData(",tls-port=0,client-tcp-port=6379,colour=red")]
    public void Fields_of_Valkey_and_of_servers_to_come_are_no_fault(string fields)
    {
        const string Shard = "shard-id=69bc080733d1355567173199cff4a6a039a2f024 myself";
        var text = Sample.Replace(Shard, Shard.Replace(" myself", fields + " myself", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains(fields, text, StringComparison.Ordinal);
        Assert.True(NodesFile.TryParse(text, 0, out var view, out var error), error);
        Assert.Equal(("first", new NodeAddress("127.0.0.1", 30001, 31001)), (view.Myself.HumanName, view.Myself.Address));
        Assert.Equal("69bc080733d1355567173199cff4a6a039a2f024", view.Myself.ShardId.ToString());
    }

    [Theory]
    [InlineData("", 4, 4)]
    [InlineData("vars currentEpoch 6\n", 6, 6)]
    [InlineData("vars lastVoteEpoch 5\n", 4, 5)]
    [InlineData("vars futureEpoch 9\n", 4, 4)]
    public void A_file_without_its_epochs_is_read_and_its_node_has_voted_in_all_that_it_knows_of(
        string vars, ulong currentEpoch, ulong lastVoteEpoch)
    {
        var text = Sample[..Sample.IndexOf("vars", StringComparison.Ordinal)] + vars;
        Assert.True(NodesFile.TryParse(text, 0, out var view, out var error), error);
        Assert.Equal((currentEpoch, lastVoteEpoch), (view.CurrentEpoch, view.LastVoteEpoch));
    }

    [Fact]
    public void Padding_with_newlines_is_no_fault() => Assert.True(NodesFile.TryParse(Sample + "\n\n\n", 0, out _, out _));

    [Theory]
    [InlineData("myself,master", "master", "myself")]
    [InlineData("myself,master", "myself,mister", "flag")]
    [InlineData("127.0.0.1:30001", "127.0.0.1:930001", "port")]
    [InlineData("0-5459", "0-16384", "slot")]
    [InlineData("0-5459", "9-5", "slot")]
    [InlineData("0-5459", "0-5460", "two owners")]
    [InlineData("shard-id=69bc080733d1355567173199cff4a6a039a2f024 myself", "colour myself", "field")]
    [InlineData("07c37dfeb235213a872192d90877d0cd55635b91", "07C37dfeb235213a872192d90877d0cd55635b91", "node name")]
    [InlineData("currentEpoch 6", "currentEpoch -6", "epoch")]
    [InlineData(" connected\n", "\n", "eight fields")]
    public void A_mutated_file_is_refused_with_the_reason(string text, string spoiled, string reason)
    {
        Assert.False(NodesFile.TryParse(Sample.Replace(text, spoiled, StringComparison.Ordinal), 0, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_files_throw_nothing()
    {
        var random = new RandomSource(11);
        for (var i = 0; i < 20_000; i++)
        {
            var text = Sample.ToCharArray();
            for (var j = random.Next(5); j >= 0; j--) text[random.Next(text.Length)] = (char)random.Next(200);
            if (NodesFile.TryParse(new string(text), 0, out var view, out _)) NodesFile.Format(view);
        }
    }

    [Fact]
    public void Cluster_nodes_lines_are_those_of_redis()
    {
        NodesFile.TryParse(Sample, 1000, out var view, out _);
        Assert.Equal(
            "e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 127.0.0.1:30001@31001 myself,master - 0 0 4 connected 0-5459 [12->-292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f] [5461-<-292f8b365bb7edb5e285caf0b7e6ddc7265d2f4f]",
            NodesReply.FormatNode(view!, view!.Myself));
        Assert.Equal(
            "07c37dfeb235213a872192d90877d0cd55635b91 127.0.0.1:30004@31004,host-4 slave e7d1eecce10fd6bb5eb35b9f99a514335d9ba9ca 0 1000 4 disconnected",
            NodesReply.FormatNode(view, view.Nodes[0]));
    }

    private static ClusterView AnyView(RandomSource random)
    {
        var nodes = new List<NodeRecord>();
        var free = SlotSet.Range(0, 16383);
        for (var i = 1 + random.Next(6); i > 0; i--) nodes.Add(AnyNode(random, nodes, free));
        nodes[0] = nodes[0] with { Flags = nodes[0].Flags | NodeFlags.Myself, PingSentAt = 0, PongReceivedAt = 0 };
        var other = nodes[^1].Id;
        var moves = random.Next(2) == 0 ? [] : new[] { KeyValuePair.Create(random.Next(16384), other) };
        return new ClusterView(nodes, moves, []) { CurrentEpoch = ulong.MaxValue - 5, LastVoteEpoch = random.NextUInt64() };
    }

    private static NodeRecord AnyNode(RandomSource random, List<NodeRecord> nodes, SlotSet free)
    {
        var master = nodes.Count > 0 && nodes[0].IsMaster && random.Next(2) == 0 ? nodes[0] : null;
        var slots = new SlotSet();
        var wanted = Samples.Slots(random);
        for (var slot = wanted.Next(0); slot >= 0 && master is null; slot = wanted.Next(slot + 1))
        {
            if (free.Remove(slot)) slots.Add(slot);
        }

        return new NodeRecord
        {
            Id = random.NextNodeId(),
            ShardId = master?.ShardId ?? random.NextNodeId(),
            Flags = (master is null ? NodeFlags.Master : NodeFlags.Replica) | (random.Next(3) == 0 ? NodeFlags.Failing : NodeFlags.None),
            Address = Samples.Address(random) with { TlsPort = 0 },
            Hostname = Samples.Name(random),
            HumanName = Samples.Name(random),
            MasterId = master?.Id ?? NodeId.None,
            ConfigEpoch = master is null ? random.NextUInt64() / 2 : 0,
            Slots = slots,
        };
    }
}
