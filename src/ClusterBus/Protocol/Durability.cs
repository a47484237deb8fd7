using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// What of this node's state is on its disk. A claim, a vote or an epoch is told to nobody before it is durable: the
/// messages that bring the news are held until then, and heartbeats go on meanwhile, with what was durable before. A
/// disk that takes nothing for the node timeout is as bad as a dead node: the node falls silent, so that another takes
/// its place, and serves nobody.
/// </summary>
internal sealed class Durability(MachineCore core)
{
    private readonly Queue<Request> _requests = new();
    private readonly Queue<(long Number, ClusterEffect Effect)> _held = new();
    private Claims _told;
    private long _lastNumber;
    private bool _isAsked;
    private bool _wasStuck;

    /// <summary>Something that was asked for in an earlier call or in this one is not on the disk yet.</summary>
    public bool IsPending => _requests.Count > 0 || _isAsked;

    /// <summary>The disk has not taken what it was given for the node timeout.</summary>
    public bool IsStuck =>
        _requests.TryPeek(out var oldest) && core.Now - oldest.AskedAt > core.Options.NodeTimeout;

    /// <summary>What this node may say about itself.</summary>
    public Claims Told => IsPending ? _told : Current();

    /// <summary>What this node would say about itself if the disk took no time.</summary>
    public Claims Current()
    {
        var myself = core.Myself;
        var owner = myself.IsReplica && myself.Master is { } master ? master : myself;
        return new Claims(
            core.State.CurrentEpoch, owner.ConfigEpoch, myself.ConfigEpoch, owner.FrozenSlots, myself.Master?.Id ?? NodeId.None,
            myself.Flags, myself.ShardId);
    }

    /// <summary>A call of the machine begins.</summary>
    public void Begin()
    {
        if (_requests.Count == 0) _told = Current();
    }

    /// <summary>The state as the call under way leaves it has to be durable. Gives the request's number.</summary>
    public long Ask()
    {
        if (_isAsked) return _lastNumber;
        _isAsked = true;
        return ++_lastNumber;
    }

    /// <summary>The call ends.</summary>
    public void End()
    {
        if (_isAsked) _requests.Enqueue(new Request(_lastNumber, core.Now, Current()));
        _isAsked = false;
    }

    /// <summary>What may only happen when everything up to now is durable; at once when it is.</summary>
    public void Hold(ClusterEffect effect)
    {
        if (IsPending) _held.Enqueue((_lastNumber, effect));
        else core.Emit(effect);
    }

    /// <summary>Requests up to a number are durable.</summary>
    public void Done(long number)
    {
        while (_requests.TryPeek(out var request) && request.Number <= number)
        {
            _told = request.Claims;
            _requests.Dequeue();
        }
    }

    /// <summary>Lets go of what waited for the requests up to a number.</summary>
    public void Release(long number)
    {
        while (_held.TryPeek(out var held) && held.Number <= number)
        {
            _held.Dequeue();
            if (held.Effect is not ClusterEffect.Send send || core.FindLink(send.Link) is not null) core.Emit(held.Effect);
        }
    }

    /// <summary>This node has given up all it was (CLUSTER RESET): nothing of it may be told any more.</summary>
    public void Forget()
    {
        _held.Clear();
        var told = _told;
        _told = Current();
        _told = _told with
        {
            CurrentEpoch = Math.Min(_told.CurrentEpoch, told.CurrentEpoch),

            // Its own: what it told as a replica was its master's.
            ConfigEpoch = Math.Min(_told.ConfigEpoch, told.OwnEpoch),
        };

        // What was asked of the disk before is nothing to tell of once it is there.
        for (var left = _requests.Count; left > 0; left--) _requests.Enqueue(_requests.Dequeue() with { Claims = _told });
    }

    /// <summary>Looks whether the disk got stuck, or takes something again. True when that has changed.</summary>
    public bool Tick()
    {
        if (IsStuck == _wasStuck) return false;
        _wasStuck = IsStuck;
        if (_wasStuck)
        {
            core.Log(
                ClusterLogLevel.Warning,
                $"The disk has not taken the cluster configuration for {core.Now - _requests.Peek().AskedAt} milliseconds: "
                + "this node accepts no queries and answers no other node until it has.");
        }
        else
        {
            core.Log(ClusterLogLevel.Notice, "The disk has taken the cluster configuration.");
        }

        return true;
    }

    /// <summary>
    /// Epochs, slots, role and shard, as a message has them: a replica's config epoch and slots are its master's. The
    /// shard goes with the master: whoever heard the former one and the new shard would take the two shards for one.
    /// </summary>
    public readonly record struct Claims(
        ulong CurrentEpoch, ulong ConfigEpoch, ulong OwnEpoch, SlotSet Slots, NodeId Master, NodeFlags Flags, NodeId ShardId);

    private readonly record struct Request(long Number, long AskedAt, Claims Claims);
}
