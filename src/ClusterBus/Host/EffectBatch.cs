using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Host;

/// <summary>The effects of one call of the machine, on their way to being carried out.</summary>
internal sealed class EffectBatch
{
    private readonly ClusterEffect[] _effects;
    private int _next;
    private bool _isWritePending;

    /// <summary>Makes a batch.</summary>
    /// <param name="effects">The effects in the machine's order.</param>
    /// <param name="sequence">Counts the calls of the machine.</param>
    public EffectBatch(EffectList effects, long sequence)
    {
        _effects = [.. effects];
        Sequence = sequence;
        foreach (var effect in _effects)
        {
            if (effect is ClusterEffect.PublishView publish) View = publish.View;
            else if (effect is ClusterEffect.BecomeMaster) Promotes = true;
            else if (effect is ClusterEffect.Persist persist) (PersistsDurably, _isWritePending) = (persist.Sync, !persist.Sync);
        }
    }

    /// <summary>Counts the calls of the machine.</summary>
    public long Sequence { get; }

    /// <summary>The view to publish, or null.</summary>
    public ClusterView? View { get; }

    /// <summary>The server becomes a master.</summary>
    public bool Promotes { get; }

    /// <summary>The state has to be durable before others learn of it.</summary>
    public bool PersistsDurably { get; }

    /// <summary>The number of the request that was made before the batch's turn; 0 when there was none.</summary>
    public long EarlyRequest { get; set; }

    /// <summary>There is nothing to do.</summary>
    public bool IsEmpty => _effects.Length == 0;

    /// <summary>The server was made a master.</summary>
    public bool IsPromoted { get; set; }

    /// <summary>Called when all that is done and on the disk.</summary>
    public Action? Done { get; set; }

    /// <summary>
    /// True once, when nodes.conf is to be written without being synced. With the lock of the queue of batches held.
    /// </summary>
    public bool TryTakeWrite()
    {
        var isPending = _isWritePending;
        _isWritePending = false;
        return isPending;
    }

    /// <summary>Takes the next effect, or null when there is none.</summary>
    public ClusterEffect? Take() => _next < _effects.Length ? _effects[_next++] : null;
}
