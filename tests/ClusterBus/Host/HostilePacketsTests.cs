using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;
using Starling.Tests.Support;

namespace Starling.ClusterBus.Tests.Host;

/// <summary>What strangers may send to a bus port. Alone, since the memory of the whole process is measured.</summary>
[Collection(AloneCollection.Name)]
public sealed class HostilePacketsTests : IDisposable
{
    private readonly TestNodes _nodes = new();

    public void Dispose() => _nodes.Dispose();

    [Fact]
    public void What_is_not_the_bus_protocol_closes_the_link()
    {
        var node = _nodes.Add();
        using var client = Connect(node);
        client.Send("GET / HTTP/1.1\r\n\r\n"u8);
        Assert.Equal(0, client.Receive(new byte[16]));
        Wait.Until("it was counted", () => node.Host.BadFrames == 1);
    }

    [Fact]
    public void Mutated_packets_change_nothing_and_take_no_memory()
    {
        var nodes = _nodes.ThreeMasters();
        var target = nodes[0];
        var before = Fingerprint(target.View);
        var random = new RandomSource(7);
        var memory = GC.GetTotalMemory(forceFullCollection: true);
        const int Packets = 100_000;
        var sent = 0;
        while (sent < Packets)
        {
            using var client = Connect(target);
            for (var i = 0; i < 500 && sent < Packets; i++, sent++)
            {
                if (!TrySend(client, Mutated(random))) break;
            }
        }

        Wait.Until("it still talks to the others", () => nodes.All(node => node.View.Health == ClusterHealth.Ok));
        target.DoOnBus(static () => { });
        Assert.Equal(before, Fingerprint(target.View));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, 32L * 1024 * 1024);
    }

    private static byte[] Mutated(RandomSource random)
    {
        var packet = new byte[BusProtocol.HeaderLength + random.Next(600)];
        for (var i = 0; i < packet.Length; i++) packet[i] = (byte)random.Next(256);
        "RCmb"u8.CopyTo(packet);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)packet.Length);
        if (random.Next(4) != 0) BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(8), 1);
        if (random.Next(4) != 0)
            BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(12), (ushort)random.Next(12));
        if (random.Next(3) == 0) BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(14), (ushort)random.Next(4));
        return packet;
    }

    private static bool TrySend(Socket client, byte[] bytes)
    {
        try
        {
            client.Send(bytes);
            return true;
        }
        catch (SocketException)
        {
            return false; // the node has closed the link
        }
    }

    // A MEET of a stranger may be answered by a handshake, which ends by itself; nothing else may change.
    private static string Fingerprint(ClusterView view) =>
        string.Join('\n', view.Nodes.Where(node => !node.IsInHandshake).Select(node =>
            $"{node.Id} {node.Flags & (NodeFlags.Master | NodeFlags.Replica | NodeFlags.Failing)} "
            + $"{node.Address} {node.ConfigEpoch} " + string.Join(',', node.Slots.Ranges())))
        + $"\n{view.CurrentEpoch} {view.LastVoteEpoch}";

    private static Socket Connect(TestNode node)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.ReceiveTimeout = socket.SendTimeout = 60_000;
        socket.Connect(new IPEndPoint(IPAddress.Loopback, node.Options.BusPort));
        return socket;
    }
}
