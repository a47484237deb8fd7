using Starling.ClusterBus.Protocol;

namespace Starling.Simulator;

/// <summary>A connection between two nodes, each of which knows it by its own number.</summary>
internal sealed class SimulatedLink(SimulatedNode client, LinkId clientEnd, SimulatedNode server)
{
    public SimulatedNode Client { get; } = client;

    public LinkId ClientEnd { get; } = clientEnd;

    public int ClientLife { get; } = client.Life;

    public SimulatedNode Server { get; } = server;

    public LinkId ServerEnd { get; set; }

    public int ServerLife { get; set; }

    public bool IsOpen { get; set; } = true;

    public SimulatedNode Other(SimulatedNode node) => node == Client ? Server : Client;

    public LinkId EndOf(SimulatedNode node) => node == Client ? ClientEnd : ServerEnd;

    public bool IsOfThisLife(SimulatedNode node) => node.Life == (node == Client ? ClientLife : ServerLife);
}
