using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Tests.Support;

namespace Starling.ClusterBus.Tests.Host;

/// <summary>
/// What a client was told OK about: the view that says so is there before the caller lets go of its stripes, whatever
/// the bus thread is at.
/// </summary>
public sealed class EarlyViewTests : IDisposable
{
    private readonly List<TestNode> _nodes = [];

    public void Dispose()
    {
        foreach (var node in _nodes) node.Dispose();
    }

    [Fact]
    public void The_last_slot_that_leaves_a_master_is_gone_when_the_call_returns()
    {
        var (first, second) = TwoMasters(slotsOfFirst: 1);
        var target = second.Id;
        using (first.HoldBus())
        {
            Apply(first, (machine, now, effects) => machine.SetSlotNode(0, target, slotHasKeys: false, now, effects));
            Assert.Equal(target, first.Published!.OwnerOf(0)!.Id);
            Assert.True(first.Published.Myself.IsReplica);
        }

        Wait.Until("the node follows the new owner", () => first.Actions.Contains($"replica of {second.Port}"));
    }

    [Fact]
    public void A_slot_that_is_deleted_while_the_node_is_to_become_a_replica_is_gone_when_the_call_returns()
    {
        var (first, second) = TwoMasters(slotsOfFirst: 1);
        var target = second.Id;
        using (first.HoldBus())
        {
            Apply(first, (machine, now, effects) => machine.SetSlotNode(0, target, slotHasKeys: false, now, effects));
            Apply(first, (machine, now, effects) => machine.DeleteSlots(SlotSet.Range(7, 7), now, effects));
            Assert.Null(first.Published!.OwnerOf(7));
        }
    }

    [Fact]
    public void A_slot_that_is_deleted_while_the_node_is_to_become_a_master_is_never_served_by_it()
    {
        var (first, second) = TwoMasters(slotsOfFirst: 100);
        var replica = Add();
        replica.Meet(first.Port);
        var master = first.Id;
        Wait.Until("they have met", () => replica.View.Find(master) is { IsInHandshake: false, Slots.IsEmpty: false });
        Assert.Null(replica.Do((machine, now, effects) => machine.Replicate(master, hasKeys: false, now, effects)));
        using (replica.HoldBus())
        {
            replica.History.Clear(); // what the others have told it up to now was published meanwhile
            Apply(replica, (machine, now, effects) => machine.Failover(FailoverMode.Takeover, now, effects));
            Apply(replica, (machine, now, effects) => machine.DeleteSlots(SlotSet.Range(5, 5), now, effects));
            Assert.Empty(replica.History);
            Assert.DoesNotContain("master", replica.Actions);
        }

        Wait.Until("the replica is the master", () => replica.Published!.Myself.Slots.Count == 99);
        Assert.Contains("master", replica.Actions);
        Assert.DoesNotContain(replica.History, view => view.Myself.Slots.Contains(5));
    }

    [Fact]
    public void What_changes_after_a_promotion_is_published_at_once_again()
    {
        var (first, _) = TwoMasters(slotsOfFirst: 100);
        var replica = Add();
        replica.Meet(first.Port);
        var master = first.Id;
        Wait.Until("they have met", () => replica.View.Find(master) is { IsInHandshake: false, Slots.IsEmpty: false });
        Assert.Null(replica.Do((machine, now, effects) => machine.Replicate(master, hasKeys: false, now, effects)));
        Assert.Null(replica.Do((machine, now, effects) => machine.Failover(FailoverMode.Takeover, now, effects)));
        Wait.Until("the replica is the master", () => replica.Published!.Myself.Slots.Count == 100);
        using (replica.HoldBus())
        {
            Apply(replica, (machine, now, effects) => machine.DeleteSlots(SlotSet.Range(5, 5), now, effects));
            Assert.Null(replica.Published!.OwnerOf(5));
        }
    }

    [Fact]
    public void Nodes_conf_is_written_without_waiting_for_the_bus_and_who_waits_is_told_after_both()
    {
        var node = Add();
        using var told = new ManualResetEventSlim();
        string Text() => File.ReadAllText(node.ConfigPath + ".copy");
        using (node.HoldBus())
        {
            node.Host.Apply(
                (machine, now, effects) => Assert.Null(machine.AddSlots(SlotSet.Range(3, 5), now, effects)), () => told.Set);
            Wait.Until("the slots are in the file", () =>
            {
                Copy(node.ConfigPath);
                return Text().Contains(" 3-5\n", StringComparison.Ordinal);
            });
            Assert.False(told.IsSet);
        }

        Assert.True(told.Wait(Wait.Patience));
    }

    [Fact]
    public void Whoever_waits_for_many_changes_is_told_of_each()
    {
        var node = Add();
        for (var i = 0; i < 300; i++)
        {
            var slot = SlotSet.Range(i, i);
            Assert.Null(node.Do((machine, now, effects) => machine.AddSlots(slot, now, effects)));
            Assert.Equal(i + 1, node.Published!.Myself.Slots.Count);
            if (i % 50 == 0) Assert.Null(node.Do((machine, now, effects) =>
            {
                machine.BumpEpoch(out _, now, effects);
                return null;
            }));
        }

        Copy(node.ConfigPath);
        Assert.Contains(" 0-299\n", File.ReadAllText(node.ConfigPath + ".copy"), StringComparison.Ordinal);
    }

    // .NET locks what it reads, and the file is locked already.
    private static void Copy(string path)
    {
        using var copy = System.Diagnostics.Process.Start("cp", [path, path + ".copy"]);
        copy.WaitForExit();
    }

    private static void Apply(TestNode node, Func<ClusterMachine, long, EffectList, string?> operation)
    {
        string? error = "not called";
        node.Host.Apply((machine, now, effects) => error = operation(machine, now, effects));
        Assert.Null(error);
    }

    private (TestNode First, TestNode Second) TwoMasters(int slotsOfFirst)
    {
        var first = Add();
        var second = Add();
        first.AddSlots(0, slotsOfFirst - 1);
        second.AddSlots(slotsOfFirst, 16383);
        first.Meet(second.Port);
        var (one, two) = (first.Id, second.Id);
        Wait.Until("both see both", () => first.Published!.Find(two) is { Slots.IsEmpty: false }
            && second.Published!.Find(one) is { Slots.IsEmpty: false });
        return (first, second);
    }

    private TestNode Add()
    {
        _nodes.Add(new TestNode());
        return _nodes[^1];
    }
}
