using Starling.Slots;

namespace Starling.Node.Cluster;

/// <summary>
/// Who serves each slot, as this node sees it: immutable, made by <see cref="RoutingTableBuilder"/> whenever the view
/// of the cluster changes, swapped whole, and read by any thread without a lock. Nodes are numbered for this table
/// only.
/// </summary>
public sealed class RoutingTable
{
    /// <summary>Stands for no node.</summary>
    public const int NoNode = -1;

    private readonly short[] _owners;
    private readonly short[]? _migratingTo;
    private readonly short[]? _importingFrom;
    private readonly byte[][] _endpoints;

    internal RoutingTable(
        short[] owners,
        short[]? migratingTo,
        short[]? importingFrom,
        byte[][] endpoints,
        int myself,
        int master,
        bool isOk)
    {
        Invariant.That(owners.Length == HashSlot.Count);
        _owners = owners;
        _migratingTo = migratingTo;
        _importingFrom = importingFrom;
        _endpoints = endpoints;
        Myself = myself;
        Master = master;
        IsOk = isOk;
    }

    /// <summary>The table of a node that knows nothing yet: no slot is served and the cluster is down.</summary>
    public static RoutingTable Empty { get; } = new RoutingTableBuilder().Build();

    /// <summary>This node's number, or <see cref="NoNode"/>.</summary>
    public int Myself { get; }

    /// <summary>The number of this node's master; <see cref="NoNode"/> on a master.</summary>
    public int Master { get; }

    /// <summary>cluster_state is ok.</summary>
    public bool IsOk { get; }

    /// <summary>The node that owns a slot, or <see cref="NoNode"/>.</summary>
    public int Owner(int slot) => _owners[slot];

    /// <summary>The node that a slot of this node is moving to, or <see cref="NoNode"/>.</summary>
    public int MigratingTo(int slot) => _migratingTo is null ? NoNode : _migratingTo[slot];

    /// <summary>The node that this node is taking a slot over from, or <see cref="NoNode"/>.</summary>
    public int ImportingFrom(int slot) => _importingFrom is null ? NoNode : _importingFrom[slot];

    /// <summary>"host:port" of a node, as redirects name it (cluster-preferred-endpoint-type).</summary>
    public ReadOnlySpan<byte> Endpoint(int node) => _endpoints[node];

    /// <summary>
    /// Decides what becomes of a command about one slot (Redis Cluster specification, "MOVED Redirection", "ASK
    /// redirection", "Multi-keys operations").
    /// </summary>
    /// <param name="request">The command and its client.</param>
    /// <param name="keys">Its keys; asked only when the slot is moving, with their stripes held.</param>
    public Redirect Decide(in SlotRequest request, ICommandKeys keys)
    {
        var owner = Owner(request.Slot);
        if (owner == NoNode) return Redirect.Refuse(RedirectKind.NotServed);

        if (!IsOk && request.IsOfShardChannels)
        {
            if (!request.AllowShardChannelsWhenDown) return Redirect.Refuse(RedirectKind.Down);
        }
        else if (!IsOk)
        {
            if (!request.AllowReadsWhenDown) return Redirect.Refuse(RedirectKind.Down);
            if (request.IsWrite) return Redirect.Refuse(RedirectKind.DownForWrites);
        }

        var target = owner == Myself ? MigratingTo(request.Slot) : NoNode;
        var isImporting = target == NoNode && ImportingFrom(request.Slot) != NoNode;
        if (target != NoNode || isImporting)
        {
            if (request.StaysWithMovingSlot || request.IsWaiting) return Redirect.Here;
            if (DecideMoving(request, target, keys) is { } decided) return decided;
        }

        if (owner == Myself) return Redirect.Here;
        if ((request.IsReadOnlyClient || request.IsOfShardChannels) && !request.IsWrite && owner == Master) return Redirect.Here;
        return new Redirect(RedirectKind.Moved, owner);
    }

    private static Redirect? DecideMoving(in SlotRequest request, int target, ICommandKeys keys)
    {
        if (target != NoNode)
        {
            var missing = keys.CountMissing(request.Now);
            if (missing == 0) return null;
            return missing < keys.Total
                ? Redirect.Refuse(RedirectKind.TryAgain)
                : new Redirect(RedirectKind.Ask, target);
        }

        if (!request.IsAsking) return null;

        // One key alone may be new. (A transaction names its key once for each of its commands.)
        var incomplete = keys.AreSeveral && keys.CountMissing(request.Now) > 0;
        return incomplete ? Redirect.Refuse(RedirectKind.TryAgain) : Redirect.Here;
    }
}
