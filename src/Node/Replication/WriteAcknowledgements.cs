using Starling.Node.Config;
using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// Directive <c>write-acks</c>: moves the commit gate to the highest offset that so many replicas have acknowledged. A
/// write is refused when fewer replicas are online; one that was executed and is not acknowledged within
/// <c>repl-timeout</c>, or whose history this node leaves (it becomes a replica), closes its client without a reply: it
/// cannot be told that the write lasts, nor that it does not.
/// </summary>
internal sealed class WriteAcknowledgements
{
    private readonly ReplicaSet _replicas;
    private readonly ServerConfig _config;
    private readonly CommitGate _gate;
    private readonly RankedLock _lock = new(LockRank.Acknowledgements, nameof(WriteAcknowledgements)); // also for the gate's moves
    private int _wanted;
    private long _reached;

    /// <summary>Makes it; follows the configuration.</summary>
    public WriteAcknowledgements(ReplicaSet replicas, ServerConfig config, CommitGate gate)
    {
        (_replicas, _config, _gate) = (replicas, config, gate);
        config.OnChange("write-acks", Update);
        Update();
    }

    /// <summary>Fewer replicas are online than have to acknowledge.</summary>
    public bool IsShort => _replicas.CountOnline() < _config.WriteAcks;

    /// <summary>A replica acknowledged, or the directive changed. Under no lock but that of CONFIG SET.</summary>
    public void Update()
    {
        using (_lock.Enter())
        {
            var wanted = _config.WriteAcks;
            if (wanted == 0 && _wanted == 0) return;
            if (wanted != _wanted) _reached = 0;
            _wanted = wanted;

            // What was acknowledged stays so, also when the replica that did it has gone.
            _reached = wanted == 0 ? CommitGate.Everything : Math.Max(_reached, _replicas.OffsetAcked(wanted));
            _gate.MoveTo(_reached);
        }
    }

    /// <summary>This node stops being the master of its data: what waits, waits in vain.</summary>
    public void EndHistory()
    {
        using (_lock.Enter())
        {
            _gate.Break();
            if (_wanted == 0) return;
            _reached = 0;
            _gate.MoveTo(_reached);
        }
    }
}
