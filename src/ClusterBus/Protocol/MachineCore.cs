using Starling.ClusterBus.View;
using Starling.Slots;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// What the parts of the machine share: the state, the clock's reading, the effects of the call under way, and each
/// other. A call is bracketed by
/// <see cref="Begin"/> and <see cref="End"/>; what must happen once per call (cluster_state, the election, the view) is
/// asked for in between.
/// </summary>
internal sealed class MachineCore
{
    private readonly SortedDictionary<long, BusLink> _links = [];
    private EffectList? _effects;
    private int _persistAt;
    private int _viewAt;
    private bool _viewChanged;
    private bool _stateCheckAsked;
    private bool _electionAsked;
    private long _promotionNumber = long.MaxValue;
    private SlotSet _publishedSlots = SlotSet.None;
    private bool _publishedOk;
    private long _lastLinkNumber;
    private (NodeId Master, string Ip, int Port) _replicating;

    public MachineCore(
        ClusterOptions options, RandomSource random, ClusterState state, BusStatistics statistics, bool isRestarted)
    {
        Options = options;
        Random = random;
        State = state;
        Statistics = statistics;
        Messenger = new Messenger(this);
        Gossip = new Gossip(this);
        Handshake = new Handshake(this);
        FailureDetector = new FailureDetector(this);
        SlotClaims = new SlotClaims(this);
        Election = new Election(this);
        ManualFailover = new ManualFailover(this);
        ReplicaMigration = new ReplicaMigration(this);
        Durability = new Durability(this);
        LostData = new LostData(this);
        Health = new HealthCheck(this, isRestarted);
        ReplicaData = new ReplicaData(this);
    }

    public ClusterOptions Options { get; set; }

    public RandomSource Random { get; }

    public ClusterState State { get; }

    public BusStatistics Statistics { get; }

    public Messenger Messenger { get; }

    public Gossip Gossip { get; }

    public Handshake Handshake { get; }

    public FailureDetector FailureDetector { get; }

    public SlotClaims SlotClaims { get; }

    public Election Election { get; }

    public ManualFailover ManualFailover { get; }

    public ReplicaMigration ReplicaMigration { get; }

    public HealthCheck Health { get; }

    public Durability Durability { get; }

    public LostData LostData { get; }

    public ReplicaData ReplicaData { get; }

    public LocalStatus Local { get; set; }

    /// <summary>What to add to <see cref="Now"/> to get Unix time; changes when the wall clock is set.</summary>
    public long WallOffset { get; set; }

    /// <summary>The time of the call under way, milliseconds; goes on evenly, whatever the wall clock does.</summary>
    public long Now { get; private set; }

    public ClusterNode Myself => State.Myself;

    /// <summary>
    /// What <see cref="Local"/> says of the replication link is about the master that this node follows now.
    /// </summary>
    public bool IsReplicatingFromMaster =>
        Myself is { IsReplica: true, Master: { } master } && master.Id == _replicating.Master
        && Local.Master == (_replicating.Ip, _replicating.Port);

    public void Begin(long now, EffectList effects)
    {
        Invariant.That(_effects is null);
        AdvanceClock(now);
        _effects = effects;
        _persistAt = -1;
        _viewAt = -1;
        Durability.Begin();
        ReplicaData.Look();
    }

    public void AdvanceClock(long now) => Now = Math.Max(Now, now);

    public void End()
    {
        if (_electionAsked)
        {
            _electionAsked = false;
            if (Myself.IsReplica)
            {
                ManualFailover.CheckOffset();
                Election.Advance();
            }
        }

        if (_stateCheckAsked)
        {
            _stateCheckAsked = false;
            Health.Update();
        }

        if (_viewChanged) Publish();
        Durability.End();
        _effects = null;
    }

    public void Emit(ClusterEffect effect) => _effects!.Add(effect);

    public void Log(ClusterLogLevel level, string text) => Emit(new ClusterEffect.Log(level, text));

    /// <summary>
    /// nodes.conf must be written; with <paramref name="sync"/>, before others learn what is new (see
    /// <see cref="Durability"/>).
    /// </summary>
    public void Persist(bool sync)
    {
        var effect = new ClusterEffect.Persist(sync, sync ? Durability.Ask() : 0);
        if (_persistAt < 0)
        {
            _persistAt = _effects!.Count;
            Emit(effect);
        }
        else if (sync)
        {
            _effects!.Replace(_persistAt, effect);
        }
    }

    /// <summary>Something that clients can see has changed.</summary>
    public void ViewChanged() => _viewChanged = true;

    /// <summary>
    /// As <see cref="ViewChanged"/>, and the view must be published before what is emitted from here on.
    /// </summary>
    public void ViewChangedHere()
    {
        _viewChanged = true;
        if (_viewAt < 0) _viewAt = _effects!.Count;
    }

    /// <summary>Roles, slots or failures changed: cluster_state is looked at before the call ends.</summary>
    public void CheckState()
    {
        _stateCheckAsked = true;
        _viewChanged = true;
        State.SizeChanged();
    }

    /// <summary>The election may go on: looked at before the call ends.</summary>
    public void AdvanceElection() => _electionAsked = true;

    public ClusterNode CreateNode(NodeId id, NodeFlags flags)
    {
        var node = new ClusterNode(id.IsNone ? Random.NextNodeId() : id, flags, Now) { ShardId = Random.NextNodeId() };
        State.Nodes.Add(node.Id, node);
        ViewChanged();
        return node;
    }

    public void RemoveNode(ClusterNode node)
    {
        Invariant.That(!node.IsMyself);
        if (node.Link is { } link) CloseLink(link);
        if (node.InboundLink is { } inbound) CloseLink(inbound);
        State.Remove(node);
        CheckState();
    }

    public BusLink? FindLink(LinkId id) => _links.GetValueOrDefault(id.Value);

    public BusLink OpenLink(ClusterNode? node, bool isInbound) => OpenLink(node, isInbound, Now);

    public BusLink OpenLink(ClusterNode? node, bool isInbound, long now)
    {
        AdvanceClock(now);
        var link = new BusLink(new LinkId(++_lastLinkNumber), node, isInbound, Now);
        _links.Add(link.Id.Value, link);
        return link;
    }

    public void CloseLink(BusLink link)
    {
        ForgetLink(link);
        Emit(new ClusterEffect.CloseLink(link.Id));
    }

    /// <summary>The link is gone; the host knows.</summary>
    public void ForgetLink(BusLink link)
    {
        _links.Remove(link.Id.Value);
        if (link.Node is not { } node) return;
        if (node.Link == link) node.Link = null;
        if (node.InboundLink == link) node.InboundLink = null;
    }

    public void CloseAllLinks()
    {
        foreach (var link in _links.Values.ToArray()) CloseLink(link);
    }

    /// <summary>
    /// This node's address as another node of the cluster reaches it, or empty while there is no link to tell it.
    /// </summary>
    public string LocalIp()
    {
        foreach (var link in _links.Values)
        {
            if (link is { IsEstablished: true, Node: not null, LocalIp.Length: > 0 }) return link.LocalIp;
        }

        return "";
    }

    /// <summary>Makes this node a replica of another. It owns no slots any more.</summary>
    public void BecomeReplicaOf(ClusterNode master)
    {
        Invariant.That(!master.IsMyself);
        Invariant.That(Myself.Slots.IsEmpty);
        _promotionNumber = long.MaxValue;
        ReplicaData.Follow(master);
        if (Myself.IsMaster)
        {
            Myself.Flags &= ~(NodeFlags.Master | NodeFlags.MigrateTo);
            Myself.Flags |= NodeFlags.Replica;
            State.CloseAllSlots();
        }

        State.SetMasterOf(Myself, master);
        ClusterState.SetShard(Myself, master.ShardId);
        Election.Reset();
        Persist(sync: true);
        ViewChangedHere();
        CheckState();
        FollowMaster();
        ManualFailover.Reset();
    }

    /// <summary>Tells the host where to replicate from when that is known and new.</summary>
    public void FollowMaster()
    {
        if (!Myself.IsReplica || Myself.Master is not { } master || !master.HasAddress || master.Address.Ip.Length == 0)
            return;
        var target = (master.Id, master.Address.Ip, master.Address.ClientPort);
        if (target == _replicating) return;
        _replicating = target;
        Emit(new ClusterEffect.BecomeReplicaOf(target.Id, target.Ip, target.ClientPort));
    }

    /// <summary>Tells the host that this node is a master now.</summary>
    public void StopReplicating()
    {
        _replicating = default;
        _promotionNumber = long.MaxValue;
        ReplicaData.Forget();
        Emit(new ClusterEffect.BecomeMaster());
    }

    /// <summary>
    /// Publishes the view. What it takes from clients, slots or health, they lose at once; a slot that this node has
    /// won it serves only when that is durable. Where both come together, what was won is left out at first.
    /// </summary>
    private void Publish()
    {
        var mine = Myself.IsMaster ? Myself.FrozenSlots : SlotSet.None;
        var durable = Durability.Told;
        var allowed = (durable.Flags & NodeFlags.Master) != 0 ? durable.Slots : SlotSet.None;
        var hidesSome = Durability.IsPending && !_publishedSlots.Includes(mine) && !allowed.Includes(mine);
        var isOk = State.Health == ClusterHealth.Ok;
        if (hidesSome && mine.Includes(_publishedSlots) && (isOk || !_publishedOk)) return;
        if (hidesSome) mine = mine.Intersect(_publishedSlots);
        _viewChanged = hidesSome;
        _publishedSlots = mine;
        _publishedOk = isOk;
        var effects = _effects!;
        effects.Insert(
            _viewAt >= 0 ? _viewAt : effects.Count,
            new ClusterEffect.PublishView(State.ToView(WallOffset, hidesSome ? mine : null)));
    }

    /// <summary>
    /// Tells the host that this node is a master, as soon as that is durable. Until then it follows nobody: what the claim
    /// is for are the data of now.
    /// </summary>
    public void StopReplicatingWhenDurable()
    {
        _replicating = default;
        _promotionNumber = Durability.Ask();
        Emit(new ClusterEffect.StopFollowing());
    }

    /// <summary>The state is durable up to a request.</summary>
    public void Persisted(long number)
    {
        Durability.Done(number);
        if (number >= _promotionNumber) StopReplicating();
        if (_viewChanged) ViewChangedHere();
        Durability.Release(number);
    }

    /// <summary>A node that was a replica acts as a master.</summary>
    public void SetAsMaster(ClusterNode node)
    {
        if (node.IsMaster) return;
        var hadMaster = node.Master is not null;
        State.SetMasterOf(node, null);
        if (hadMaster && !node.IsMyself) node.Flags |= NodeFlags.MigrateTo;
        node.Flags &= ~NodeFlags.Replica;
        node.Flags |= NodeFlags.Master;
        node.PromotedAt = Now;
        Persist(sync: false);
        CheckState();
    }
}
