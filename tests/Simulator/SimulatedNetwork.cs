using Starling.ClusterBus.Host;
using Starling.ClusterBus.Protocol;

namespace Starling.Simulator;

/// <summary>The network: links that delay, lose, duplicate and reorder packets, and cuts, each in one direction.</summary>
internal sealed class SimulatedNetwork(Simulation simulation, SimulationPlan plan, SafetyRules rules)
{
    private readonly HashSet<(int From, int To)> _cut = [];

    /// <summary>Packets that arrived.</summary>
    public long Delivered { get; private set; }

    /// <summary>Asked before a packet leaves: true to lose it.</summary>
    public Func<SimulatedNode, SimulatedNode, ClusterEffect.Send, bool>? Loses { get; set; }

    /// <summary>The links of one node.</summary>
    public IBusLinks LinksOf(SimulatedNode node) => new NodeLinks(this, node);

    public void Cut(SimulatedNode from, SimulatedNode to) => _cut.Add((from.Index, to.Index));

    public void Mend(SimulatedNode from, SimulatedNode to) => _cut.Remove((from.Index, to.Index));

    public void MendAll() => _cut.Clear();

    public bool IsCut(SimulatedNode from, SimulatedNode to) => _cut.Count > 0 && _cut.Contains((from.Index, to.Index));

    /// <summary>The node's process is gone: the system closes its connections.</summary>
    public void CloseAll(SimulatedNode node)
    {
        foreach (var link in node.Links.OrderBy(link => link.Key).ToArray()) Close(link.Value, node);
        node.Links.Clear();
    }

    private int Delay() => plan.Delay.Minimum + simulation.Random.Next(plan.Delay.Maximum - plan.Delay.Minimum + 1);

    private void Connect(SimulatedNode client, ClusterEffect.Connect connect)
    {
        var server = simulation.NodeAt(connect.Ip);
        var link = new SimulatedLink(client, connect.Link, server);
        client.Links[connect.Link.Value] = link;
        var life = client.Life;
        simulation.At(simulation.Now + Delay(), () =>
        {
            if (!link.IsOpen || IsCut(client, server) || IsCut(server, client)) return;
            if (!server.IsAlive)
            {
                Lose(link, client);
                return;
            }

            // The system accepts for a process that is paused.
            link.ServerLife = server.Life;
            using (server.Driver.Gate.Enter()) link.ServerEnd = server.Machine.AcceptLink(client.Ip, server.Ip, server.Driver.Now);
            server.Links[link.ServerEnd.Value] = link;
            simulation.Reach(client, life, simulation.Now + Delay(), () =>
            {
                if (!link.IsOpen) return;
                simulation.Do(client, (machine, now, effects) =>
                    machine.LinkEstablished(link.ClientEnd, server.Ip, client.Ip, now, effects));
            });
        });
    }

    private void Close(SimulatedLink link, SimulatedNode by)
    {
        if (!link.IsOpen) return;
        link.IsOpen = false;
        var other = link.Other(by);
        if (link.ServerEnd.IsNone || IsCut(by, other)) return;
        Lose(link, other);
    }

    private void Lose(SimulatedLink link, SimulatedNode end)
    {
        if (!link.IsOfThisLife(end)) return;
        simulation.Reach(end, end.Life, simulation.Now + Delay(), () =>
        {
            link.IsOpen = false;
            if (end.Links.Remove(link.EndOf(end).Value))
                simulation.Do(end, (machine, now, effects) => machine.LinkLost(link.EndOf(end), now, effects));
        });
    }

    private void Send(SimulatedNode node, ClusterEffect.Send send)
    {

        // What waited for the disk may find its link gone.
        if (!node.Links.TryGetValue(send.Link.Value, out var link)) return;
        var target = link.Other(node);
        if (rules.Sent(node, send.Type, send.Packet, target) is { } broken) throw simulation.Failure(broken);
        if (!link.IsOpen || IsCut(node, target) || Loses?.Invoke(node, target, send) == true) return;
        var isRough = simulation.IsRough;
        if (isRough && plan.Loss > 0 && simulation.Random.NextDouble() < plan.Loss) return;
        Deliver(link, target, send.Packet);
        if (isRough && plan.Duplication > 0 && simulation.Random.NextDouble() < plan.Duplication)
            Deliver(link, target, send.Packet);
    }

    private void Deliver(SimulatedLink link, SimulatedNode target, byte[] packet)
    {
        if (link.IsOfThisLife(target)) simulation.Arrive(target, link, packet, simulation.Now + Delay());
    }

    /// <summary>A packet is there; the process runs.</summary>
    public void Arrived(SimulatedNode target, SimulatedLink link, byte[] packet)
    {
        if (!link.IsOpen) return;
        Delivered++;
        target.HeardAt[link.Other(target).Index] = simulation.Now;
        simulation.Step(target, link.EndOf(target), packet);
    }

    private sealed class NodeLinks(SimulatedNetwork network, SimulatedNode node) : IBusLinks
    {
        public void Connect(ClusterEffect.Connect effect, long now)
        {
            network.BeforeEffect(node);
            network.Connect(node, effect);
        }

        public void Close(LinkId id)
        {
            network.BeforeEffect(node);
            if (node.Links.Remove(id.Value, out var link)) network.Close(link, node);
        }

        public void Send(ClusterEffect.Send packet)
        {
            network.BeforeEffect(node);
            network.Send(node, packet);
        }
    }

    private void BeforeEffect(SimulatedNode node) => simulation.BeforeEffect(node);
}
