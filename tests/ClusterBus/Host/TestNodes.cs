using Starling.ClusterBus.View;
using Starling.Tests.Support;

namespace Starling.ClusterBus.Tests.Host;

/// <summary>The nodes of a test, ended with it.</summary>
internal sealed class TestNodes : IDisposable
{
    private readonly List<TestNode> _nodes = [];

    public void Dispose()
    {
        foreach (var node in _nodes) node.Dispose();
    }

    /// <summary>One more node, alone until it meets others.</summary>
    public TestNode Add()
    {
        var node = new TestNode();
        _nodes.Add(node);
        return node;
    }

    /// <summary>Three masters that own all slots and have met.</summary>
    public TestNode[] ThreeMasters()
    {
        TestNode[] nodes = [Add(), Add(), Add()];
        nodes[0].AddSlots(0, 5460);
        nodes[1].AddSlots(5461, 10922);
        nodes[2].AddSlots(10923, 16383);
        for (var i = 0; i < nodes.Length; i++)
        {
            var epoch = (ulong)i + 1;
            Assert.Null(nodes[i].Do((machine, now, effects) => machine.SetConfigEpoch(epoch, now, effects)));
        }

        nodes[0].Meet(nodes[1].Port);
        nodes[0].Meet(nodes[2].Port);
        Wait.Until("three nodes are ok", () => nodes.All(
            node => node.View is { Health: ClusterHealth.Ok, Nodes.Count: 3 } view
                && view.Nodes.All(other => other.IsLinked)));
        return nodes;
    }
}
