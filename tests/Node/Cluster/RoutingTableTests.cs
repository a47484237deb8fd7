using System.Text;
using Starling.Node.Cluster;

namespace Starling.Node.Tests.Cluster;

public sealed class RoutingTableTests
{
    private const int Mine = 1, Theirs = 2, Nobodys = 3, Migrating = 4, Importing = 5, MastersSlot = 6;

    private readonly RoutingTableBuilder _builder = new() { IsOk = true };
    private readonly int _me;
    private readonly int _other;

    public RoutingTableTests()
    {
        _me = _builder.AddNode("10.0.0.1", 7000);
        _other = _builder.AddNode("10.0.0.2", 7001);
        _builder.Myself = _me;
        _builder.SetOwner(Mine, _me);
        _builder.SetOwner(Theirs, _other);
        _builder.SetOwner(Migrating, _me);
        _builder.SetMigrating(Migrating, _other);
        _builder.SetOwner(Importing, _other);
        _builder.SetImporting(Importing, _other);
        _builder.SetOwner(MastersSlot, _other);
    }

    public static TheoryData<int, string, int, int, RedirectKind> Cases() => new()
    {
        // Slot, traits, keys, missing keys, decision.
        { Mine, "", 1, 1, RedirectKind.None },
        { Mine, "write", 3, 3, RedirectKind.None },
        { Theirs, "", 1, 0, RedirectKind.Moved },
        { Theirs, "asking", 1, 0, RedirectKind.Moved },
        { Theirs, "migrate", 1, 0, RedirectKind.Moved },
        { Nobodys, "", 1, 0, RedirectKind.NotServed },
        { Nobodys, "asking", 1, 0, RedirectKind.NotServed },
        { Migrating, "", 1, 0, RedirectKind.None },
        { Migrating, "", 1, 1, RedirectKind.Ask },
        { Migrating, "write", 1, 1, RedirectKind.Ask },
        { Migrating, "", 3, 1, RedirectKind.TryAgain },
        { Migrating, "", 3, 3, RedirectKind.Ask },
        { Migrating, "", 3, 0, RedirectKind.None },
        { Migrating, "asking", 1, 1, RedirectKind.Ask },
        { Migrating, "write migrate", 1, 1, RedirectKind.None },
        { Importing, "", 1, 0, RedirectKind.Moved },
        { Importing, "", 1, 1, RedirectKind.Moved },
        { Importing, "asking", 1, 1, RedirectKind.None },
        { Importing, "asking write", 1, 0, RedirectKind.None },
        { Importing, "asking", 2, 1, RedirectKind.TryAgain },
        { Importing, "asking", 2, 0, RedirectKind.None },
        { Importing, "write migrate", 1, 1, RedirectKind.None },
        { Importing, "asking same", 2, 2, RedirectKind.None },
        { Importing, "asking write same", 3, 3, RedirectKind.None },
        { Migrating, "same", 2, 2, RedirectKind.Ask },
        { Migrating, "same", 2, 0, RedirectKind.None },
        { Mine, "down", 1, 0, RedirectKind.Down },
        { Theirs, "down", 1, 0, RedirectKind.Down },
        { Nobodys, "down", 1, 0, RedirectKind.NotServed },
        { Mine, "down allowreads", 1, 0, RedirectKind.None },
        { Mine, "down allowreads write", 1, 0, RedirectKind.DownForWrites },
        { Theirs, "down allowreads", 1, 0, RedirectKind.Moved },
        { Migrating, "down", 1, 1, RedirectKind.Down },
        { MastersSlot, "replica", 1, 0, RedirectKind.Moved },
        { MastersSlot, "replica readonly", 1, 0, RedirectKind.None },
        { MastersSlot, "replica readonly write", 1, 0, RedirectKind.Moved },
        { Mine, "readonly write", 1, 0, RedirectKind.None },
        { Theirs, "readonly", 1, 0, RedirectKind.Moved },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_command_is_decided_as_Redis_does(
        int slot, string traits, int keys, int missing, RedirectKind expected)
    {
        var has = traits.Split(' ').ToHashSet();
        _builder.IsOk = !has.Contains("down");
        if (has.Contains("replica")) _builder.Master = _other;
        var request = new SlotRequest
        {
            Slot = slot,
            IsWrite = has.Contains("write"),
            StaysWithMovingSlot = has.Contains("migrate"),
            IsAsking = has.Contains("asking"),
            IsReadOnlyClient = has.Contains("readonly"),
            AllowReadsWhenDown = has.Contains("allowreads"),
        };

        var decision = _builder.Build().Decide(request, new Keys(keys, missing, has.Contains("same")));

        Assert.Equal(expected, decision.Kind);
        var named = expected is RedirectKind.Moved or RedirectKind.Ask ? _other : RoutingTable.NoNode;
        Assert.Equal(named, decision.Node);
    }

    [Fact]
    public void Keys_are_counted_only_while_the_slot_is_moving()
    {
        var table = _builder.Build();
        var keys = new Keys(1, 0);
        table.Decide(new SlotRequest { Slot = Mine }, keys);
        table.Decide(new SlotRequest { Slot = Theirs, IsAsking = true }, keys);
        table.Decide(new SlotRequest { Slot = Importing }, keys);
        Assert.Equal(0, keys.Asked);
    }

    [Fact]
    public void An_endpoint_is_host_and_port()
    {
        var nowhere = _builder.AddNode("", 7002);
        var table = _builder.Build();
        Assert.Equal("10.0.0.2:7001", Encoding.ASCII.GetString(table.Endpoint(_other)));
        Assert.Equal(":7002", Encoding.ASCII.GetString(table.Endpoint(nowhere)));
    }

    [Fact]
    public void The_empty_table_serves_nothing() =>
        Assert.Equal(
            RedirectKind.NotServed, RoutingTable.Empty.Decide(new SlotRequest { Slot = 0 }, new Keys(1, 0)).Kind);

    private sealed class Keys(int total, int missing, bool areSame = false) : ICommandKeys
    {
        public int Asked { get; private set; }

        public int Total => total;

        public bool AreSeveral => total > 1 && !areSame;

        public int CountMissing(long now)
        {
            Asked++;
            return missing;
        }
    }
}
