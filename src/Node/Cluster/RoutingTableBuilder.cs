using System.Globalization;
using System.Text;
using Starling.Slots;

namespace Starling.Node.Cluster;

/// <summary>Collects a <see cref="RoutingTable"/>; used once.</summary>
public sealed class RoutingTableBuilder
{
    private readonly short[] _owners = NewSlots();
    private readonly List<byte[]> _endpoints = [];
    private short[]? _migratingTo;
    private short[]? _importingFrom;

    /// <summary>This node's number.</summary>
    public int Myself { get; set; } = RoutingTable.NoNode;

    /// <summary>The number of this node's master.</summary>
    public int Master { get; set; } = RoutingTable.NoNode;

    /// <summary>cluster_state is ok.</summary>
    public bool IsOk { get; set; }

    /// <summary>Adds a node and returns its number.</summary>
    /// <param name="host">What redirects name: address, host name, "?" or nothing.</param>
    /// <param name="port">Port for clients.</param>
    public int AddNode(string host, int port)
    {
        Invariant.That(_endpoints.Count < short.MaxValue);
        _endpoints.Add(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{host}:{port}")));
        return _endpoints.Count - 1;
    }

    /// <summary>Says who owns a slot.</summary>
    public void SetOwner(int slot, int node) => _owners[slot] = (short)node;

    /// <summary>Says who owns the slots from first to last, both included.</summary>
    public void SetOwner(int first, int last, int node) => _owners.AsSpan(first, last - first + 1).Fill((short)node);

    /// <summary>Says where a slot of this node is moving to.</summary>
    public void SetMigrating(int slot, int node) => (_migratingTo ??= NewSlots())[slot] = (short)node;

    /// <summary>Says where this node takes a slot over from.</summary>
    public void SetImporting(int slot, int node) => (_importingFrom ??= NewSlots())[slot] = (short)node;

    /// <summary>The table.</summary>
    public RoutingTable Build() => new(_owners, _migratingTo, _importingFrom, [.. _endpoints], Myself, Master, IsOk);

    private static short[] NewSlots()
    {
        var slots = new short[HashSlot.Count];
        Array.Fill(slots, (short)RoutingTable.NoNode);
        return slots;
    }
}
