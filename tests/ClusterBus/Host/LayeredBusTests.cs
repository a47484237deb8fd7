using System.Net;
using System.Net.Sockets;
using Starling.ClusterBus.View;
using Starling.Tests.Support;

namespace Starling.ClusterBus.Tests.Host;

/// <summary>The bus carries on over a stream that is not the plain socket, as an encrypted one would be.</summary>
public sealed class LayeredBusTests
{
    [Fact]
    public void Nodes_whose_links_shake_hands_and_read_ahead_meet_and_agree()
    {
        using var first = new TestNode { Layer = (stream, isAccepted) => new RecordStream(stream, isAccepted) };
        first.Restart();
        using var second = new TestNode { Layer = (stream, isAccepted) => new RecordStream(stream, isAccepted) };
        second.Restart();
        first.AddSlots(0, 16383);
        first.Meet(second.Port);
        Wait.Until("both know both and the slots", () => new[] { first, second }.All(
            node => node.View is { Health: ClusterHealth.Ok, Nodes.Count: 2 } view && view.Nodes.All(other => other.IsLinked)));
        Assert.Equal(first.Id, second.View.OwnerOf(16383)!.Id);
        Assert.Equal(0, first.Host.BadFrames);
        Assert.Equal(0, second.Host.BadFrames);
    }

    [Fact]
    public void A_bus_port_that_somebody_listens_on_is_not_shared()
    {
        using var node = new TestNode();
        var refused = Assert.Throws<SocketException>(
            () => Listener.Bind(new IPEndPoint(IPAddress.Loopback, node.Options.BusPort), 8, waits: false));
        Assert.Equal(SocketError.AddressAlreadyInUse, refused.SocketErrorCode);
    }

    [Fact]
    public void A_plain_node_and_one_with_another_stream_do_not_meet()
    {
        using var plain = new TestNode();
        using var layered = new TestNode { Layer = (stream, isAccepted) => new RecordStream(stream, isAccepted) };
        layered.Restart();
        plain.Meet(layered.Port);
        Wait.Until("the handshake is given up", () => plain.View.Nodes.Count == 1);
        Assert.Single(layered.View.Nodes);
    }
}
